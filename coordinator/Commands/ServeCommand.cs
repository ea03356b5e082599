using System.CommandLine;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Service;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl serve</c>: the coordinator as a service that workers join and jobs are submitted to.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var listen = new ListenOptions();
        var http = new Option<string>("--http") { Description = "Where jobs are submitted.", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        var runs = new Option<string>("--runs") { Description = "Folder of the runs.", DefaultValueFactory = _ => "runs" };
        var data = new Option<string>("--data") { Description = "Folder that paths in submitted job files are relative to.", DefaultValueFactory = _ => "." };
        var command = new Command("serve", "Runs the coordinator as a service; jobs come by 'distmtl submit'.") { http, runs, data };
        listen.AddTo(command);
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(
            listen.Read(parse), parse.GetValue(http)!, Path.GetFullPath(parse.GetValue(runs)!), Path.GetFullPath(parse.GetValue(data)!))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(NodeAddress address, string http, string runs, string data)
    {
        if (!Uri.TryCreate(http, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
            throw new JobException($"--http is '{http}'; it must be an address such as http://127.0.0.1:8080");
        if (!Directory.Exists(data))
            throw new JobException($"--data: there is no folder {data}");
        // Paths of overrides are relative to the current folder everywhere: here that is the data folder, too.
        Directory.SetCurrentDirectory(data);
        using var signals = new StopSignals();
        await using var node = await ClusterNode.StartAsync(address, signals.Token);
        var queue = new RunQueue(node, data, runs, TimeProvider.System);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(http);
        await using var app = builder.Build();
        RunApi.Map(app, queue);
        try
        {
            await app.StartAsync(signals.Token);
        }
        catch (IOException e)
        {
            throw new JobException($"cannot listen on {http}: {e.Message}", ExitCode.Failure, e);
        }
        await Console.Out.WriteLineAsync($"workers join {node.JoinAddress}; jobs are submitted to {http}; runs are left in {runs}");
        await queue.RunAllAsync(signals.Token);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(deadline.Token);
        return ExitCode.Success;
    }
}
