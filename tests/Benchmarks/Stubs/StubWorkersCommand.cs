using System.CommandLine;
using Akka.Actor;
using Akka.Hosting;
using DistMtl.Clustering;
using DistMtl.Protocol;
using Microsoft.Extensions.Hosting;

namespace DistMtl.Benchmarks.Stubs;

/// <summary><c>stub-workers</c>: a process of workers that compute nothing; it ends with its standard input.</summary>
internal static class StubWorkersCommand
{
    public const string Name = "stub-workers";
    public const string Join = "--join";

    public static Command Create()
    {
        var join = new Option<string>(Join) { Description = "HOST:PORT of the coordinator.", Required = true };
        var command = new Command(Name, "A worker that computes nothing for each data shard of the coordinator's job.") { join };
        command.SetAction((parse, cancellation) => RunAsync(parse.GetValue(join)!, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string join, CancellationToken cancellation)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .AddNode(new NodeSettings(Roles.Worker, "127.0.0.1", 0, [join]))
            .WithActors((system, _) => ShardRegions.StartRegion(system, _ => Props.Create(() => new StubShardActor()))));
        using var host = builder.Build();
        await host.StartAsync(cancellation);
        while (await Console.In.ReadLineAsync(cancellation) is not null)
        {
            // Nothing is said here; its end is the parent's.
        }
        return (int)ExitCode.Success;
    }
}
