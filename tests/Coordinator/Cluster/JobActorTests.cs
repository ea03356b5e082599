using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster.Sharding;
using DistMtl.Coordinator.Cluster;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Tests.Cluster;

/// <summary>A job's actor on a node of a cluster of one; the placement is told by the test, so that it can be behind.</summary>
public sealed class JobActorTests : IAsyncLifetime
{
    private static readonly Address s_gone = Address.Parse("akka.tcp://distmtl@127.0.0.1:1");
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly Channel<object> _messages = Channel.CreateUnbounded<object>();
    private ImmutableHashSet<Address> _regions = [];
    private ClusterNode _node = null!;
    private Address _worker = null!;
    private IActorRef _job = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await ClusterNode.StartAsync(NodeAddress.Loopback, CancellationToken.None);
        _worker = Akka.Cluster.Cluster.Get(_node.System).SelfAddress;
        var shards = _node.System.ActorOf(Props.Create(() => new Keeper(_messages.Writer, () => Volatile.Read(ref _regions))));
        var settings = new JobSettings("job", 2, 1, 1, "127.0.0.1", 1, s_deadline);
        _job = _node.Run(Props.Create(() => new JobActor(settings, shards, new TaskCompletionSource<Placement>(), new Indifferent())), "job");
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task No_shard_is_started_while_the_placements_keeper_believes_in_a_worker_that_is_gone()
    {
        Volatile.Write(ref _regions, [_worker, s_gone]);
        // What was asked before does not count.
        await ReadAsync<GetCurrentRegions>(2);
        Assert.Empty(await ReadAsync<GetCurrentRegions>(3));
        Volatile.Write(ref _regions, [_worker]);
        Assert.Equal(0, (await NextAsync<StartShard>()).Shard.Index);
        Assert.Equal(1, (await NextAsync<StartShard>()).Shard.Index);
    }

    [Fact]
    public async Task What_may_have_started_nobody_knows_where_is_stopped_when_the_placements_keeper_knows_who_is_gone()
    {
        Volatile.Write(ref _regions, [_worker]);
        var start = await NextAsync<StartShard>();
        _job.Tell(new ShardHosted(start.Shard, 1, $"{_worker.Host}:{_worker.Port}"));
        Volatile.Write(ref _regions, [_worker, s_gone]);
        // What was asked before does not count.
        await ReadAsync<GetCurrentRegions>(2);
        _job.Tell(JobActor.StopJob.Instance);
        Assert.Equal(0, (await NextAsync<StopShard>()).Shard.Index);
        Assert.DoesNotContain(await ReadAsync<GetCurrentRegions>(3), message => message is StopShard);
        Volatile.Write(ref _regions, [_worker]);
        Assert.Equal(1, (await NextAsync<StopShard>()).Shard.Index);
        await _job.WatchAsync().WaitAsync(s_deadline);
    }

    /// <returns>What came before so many messages of a kind had come.</returns>
    private async Task<List<object>> ReadAsync<T>(int count)
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        var others = new List<object>();
        while (count > 0)
        {
            var message = await _messages.Reader.ReadAsync(deadline.Token);
            if (message is T)
                count--;
            else
                others.Add(message);
        }
        return others;
    }

    /// <returns>The next message of a kind.</returns>
    private async Task<T> NextAsync<T>()
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        while (true)
        {
            if (await _messages.Reader.ReadAsync(deadline.Token) is T message)
                return message;
        }
    }

    /// <summary>In place of the sharding's proxy: answers what the test wants, and keeps what it is told.</summary>
    private sealed class Keeper(ChannelWriter<object> messages, Func<IImmutableSet<Address>> regions) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            messages.TryWrite(message);
            if (message is GetCurrentRegions)
                Sender.Tell(new CurrentRegions(regions()));
        }
    }

    private sealed class Indifferent : IMembership
    {
        public void Await(string what)
        {
        }

        public void Lose(WorkerLostException reason)
        {
        }

        public void GiveUp(JobException reason)
        {
        }

        public void Leave(string worker)
        {
        }

        public void Forget(string worker)
        {
        }

        public void Join(string worker)
        {
        }
    }
}
