using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using DistMtl.Coordinator.Tests.Training;

namespace DistMtl.Clustering.Tests;

public sealed class ContiguousAllocationTests
{
    [Fact]
    public void Ranges_are_contiguous_and_balanced_and_leave_nobody_out()
    {
        for (var count = 1; count <= 70; count++)
        {
            for (var workers = 1; workers <= count; workers++)
            {
                var owners = Enumerable.Range(0, count).Select(shard => ContiguousAllocation.OwnerOf(shard, count, workers)).ToArray();

                Assert.Equal(owners.Order(), owners);
                var sizes = owners.CountBy(owner => owner).ToDictionary();
                Assert.Equal(Enumerable.Range(0, workers), sizes.Keys.Order());
                Assert.InRange(sizes.Values.Max() - sizes.Values.Min(), 0, 1);
                for (var worker = 0; worker < workers; worker++)
                    Assert.Equal(count * worker / workers, Array.IndexOf(owners, worker));
            }
        }
    }

    [Fact]
    public void More_workers_than_shards_leave_some_without_work_and_no_shard_without_a_worker()
    {
        for (var count = 1; count <= 20; count++)
        {
            for (var workers = count + 1; workers <= 64; workers++)
            {
                var owners = Enumerable.Range(0, count).Select(shard => ContiguousAllocation.OwnerOf(shard, count, workers)).ToArray();
                Assert.Equal(count, owners.Distinct().Count());
                Assert.All(owners, owner => Assert.InRange(owner, 0, workers - 1));
            }
        }
    }

    /// <summary>Four shards over two nodes: 0 and 1 belong to the first by address, 2 and 3 to the second.</summary>
    [Theory]
    [InlineData(true, "0/4 1/4", "2/4 3/4")]
    [InlineData(true, "0/4", "")]
    [InlineData(true, "0/4 9/10", "3/4")]
    [InlineData(false, "0/4 1/4 2/4", "3/4")]
    [InlineData(false, "0/4", "1/4")]
    public void Shards_are_settled_when_none_lies_where_it_does_not_belong(bool settled, string first, string second)
    {
        var stats = new ClusterShardingStats(new Dictionary<Address, ShardRegionStats>
        {
            [new Address("akka.tcp", "distmtl", "10.0.0.2", 4053)] = Stats(second),
            [new Address("akka.tcp", "distmtl", "10.0.0.1", 4053)] = Stats(first),
        }.ToImmutableDictionary());
        Assert.Equal(settled, ContiguousAllocation.IsSettled(stats, 4));

        static ShardRegionStats Stats(string shards) => new(
            shards.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToImmutableDictionary(shard => shard, _ => 1), ImmutableHashSet<string>.Empty);
    }

    [Fact]
    public async Task After_a_loss_shards_stay_where_they_are_until_a_run_has_formed_up_again()
    {
        var time = new MovedClock();
        var allocation = new ContiguousAllocation(new Address("akka.tcp", "distmtl", "10.0.0.9", 4053), time);
        var (first, second, third) = (new Region("10.0.0.1"), new Region("10.0.0.2"), new Region("10.0.0.3"));
        // Who has begun to look cannot know what happened before.
        Assert.Empty(await MisplacedAsync((first, "0/3 1/3"), (second, "2/3"), (third, "")));
        time.Move(ContiguousAllocation.Quiet);
        Assert.Equal(["1/3", "2/3"], await MisplacedAsync((first, "0/3 1/3"), (second, "2/3"), (third, "")));
        // The second is lost, its shards lie with the first.
        Assert.Empty(await MisplacedAsync((first, "0/3 1/3 2/3"), (third, "")));
        time.Move(ContiguousAllocation.Quiet - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await MisplacedAsync((first, "0/3 1/3 2/3"), (third, "")));
        time.Move(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["1/3", "2/3"], await MisplacedAsync((first, "0/3 1/3 2/3"), (third, "")));
        // Another one comes: nobody is lost.
        Assert.Equal(["1/3", "2/3"], await MisplacedAsync((first, "0/3 1/3 2/3"), (second, ""), (third, "")));

        async Task<IEnumerable<string>> MisplacedAsync(params (Region Region, string Shards)[] regions) => (await allocation.Rebalance(
            regions.ToImmutableDictionary(region => (IActorRef)region.Region, region => (IImmutableList<string>)[.. region.Shards.Split(' ', StringSplitOptions.RemoveEmptyEntries)]), [])).Order();
    }

    [Fact]
    public void Large_jobs_do_not_overflow() =>
        Assert.Equal(99_999, ContiguousAllocation.OwnerOf(999_999, 1_000_000, 100_000));

    /// <summary>Where shards of a worker live.</summary>
    private sealed class Region(string host) : MinimalActorRef
    {
        public override ActorPath Path { get; } = new RootActorPath(new Address("akka.tcp", "distmtl", host, 4053)) / "system" / "sharding";

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }
}
