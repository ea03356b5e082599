using Akka.Actor;
using Akka.Hosting;
using DistMtl.Clustering;
using DistMtl.Coordinator.Cluster;
using DistMtl.Protocol.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DistMtl.Coordinator.Tests.Cluster;

/// <summary>A coordinator's node and another one that hosts all data shards, both in this process: one run after another, as in a service.</summary>
public sealed class HeldCluster : IAsyncLifetime
{
    private IHost? _host;

    internal TrainingCluster Cluster { get; private set; } = null!;

    /// <summary>Those of the run that is formed next.</summary>
    internal HeldWorkers Workers { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster = await TrainingCluster.StartOpenAsync(NodeAddress.Loopback, workers: 1, TestContext.Current.CancellationToken);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .AddLog(from: Akka.Event.LogLevel.ErrorLevel)
            .AddNode(new NodeSettings(Roles.Worker, "127.0.0.1", 0, [Cluster.Node.JoinAddress]))
            .WithActors((system, _) => ShardRegions.StartRegion(system, _ => Props.Create(() => new HeldShardActor(this)))));
        _host = builder.Build();
        await _host.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Cluster.Node.ExpectTheEnd();
        await _host!.Services.GetRequiredService<ActorSystem>().Terminate();
        await Cluster.DisposeAsync();
        _host.Dispose();
    }

    private sealed class HeldShardActor : ReceiveActor
    {
        public HeldShardActor(HeldCluster cluster)
        {
            var workers = cluster.Workers;
            Receive<StartShard>(start => Sender.Tell(new ShardHosted(start.Shard, start.Generation, workers.Start(start))));
            Receive<StopShard>(_ => Context.Stop(Self));
        }
    }
}
