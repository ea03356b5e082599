using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using DistMtl.Protocol.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DistMtl.Clustering.Tests;

/// <summary>Real nodes in one process: a coordinator and three workers, over loopback.</summary>
public sealed class PlacementTests : IAsyncDisposable
{
    private const int Shards = 8;
    private const int Workers = 3;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly ConcurrentBag<IHost> _nodes = [];

    [Fact]
    public async Task Eight_shards_of_two_jobs_land_on_three_workers_in_equal_contiguous_ranges()
    {
        var coordinator = await StartAsync(new NodeSettings(Roles.Coordinator, "127.0.0.1", 0, []), _ => { });
        var cluster = Akka.Cluster.Cluster.Get(coordinator);
        await cluster.JoinAsync(cluster.SelfAddress);
        var join = $"127.0.0.1:{cluster.SelfAddress.Port}";
        for (var i = 0; i < Workers; i++)
        {
            await StartAsync(
                new NodeSettings(Roles.Worker, "127.0.0.1", 0, [join]),
                system => ShardRegions.StartRegion(system, _ => Props.Create(() => new Shard())));
        }
        var proxy = ShardRegions.StartProxy(coordinator);
        await UntilAsync(async () => (await proxy.Ask<CurrentRegions>(GetCurrentRegions.Instance, TimeSpan.FromSeconds(1))).Regions.Count == Workers);

        var first = await HostsAsync(proxy, "first");
        Assert.Equal(first, await HostsAsync(proxy, "second"));
        Assert.Equal([0, 0, 1, 1, 1, 2, 2, 2], Ranks(first));
    }

    /// <summary>The nodes are torn down at once, so that none can say goodbye to another; waiting for that would be long.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            _ = node.Services.GetRequiredService<ActorSystem>().Terminate();
        return ValueTask.CompletedTask;
    }

    private static async Task<string[]> HostsAsync(IActorRef proxy, string job)
    {
        var hosts = new string[Shards];
        for (var index = 0; index < Shards; index++)
        {
            var start = new StartShard(new ShardId(job, index, Shards), 1, "127.0.0.1", 1);
            var found = index;
            // What is sent while a shard is being placed may be lost; the answer is the same however often asked.
            await UntilAsync(async () =>
            {
                hosts[found] = (await proxy.Ask<ShardHosted>(start, TimeSpan.FromSeconds(1))).Worker;
                return true;
            });
        }
        return hosts;
    }

    /// <summary>Numbers the hosts in the order of their first shard.</summary>
    private static int[] Ranks(string[] hosts)
    {
        var order = hosts.Distinct().ToList();
        return [.. hosts.Select(host => order.IndexOf(host))];
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        while (true)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (Exception e) when (e is AskTimeoutException or TaskCanceledException)
            {
                // Asked again until the deadline.
            }
            await Task.Delay(50, deadline.Token);
        }
    }

    private async Task<ActorSystem> StartAsync(NodeSettings settings, Action<ActorSystem> start)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .AddNode(settings)
            .WithActors((system, _) => start(system)));
        var host = builder.Build();
        _nodes.Add(host);
        await host.StartAsync();
        return host.Services.GetRequiredService<ActorSystem>();
    }

    private sealed class Shard : ReceiveActor
    {
        public Shard() => Receive<StartShard>(start =>
            Sender.Tell(new ShardHosted(start.Shard, start.Generation, $"{Cluster.Get(Context.System).SelfAddress}")));
    }
}
