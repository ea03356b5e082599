using DistMtl.Coordinator.Cluster;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Tests.Cluster;

public sealed class JobFormationTests
{
    [Fact]
    public void A_placement_names_every_workers_shards_in_order()
    {
        var formation = JobFormation.Begin("job", 4, 1);
        foreach (var (shard, worker) in new[] { (3, "b"), (0, "a"), (2, "b"), (1, "a") })
        {
            Assert.False(formation.IsComplete);
            formation = formation.With(Hosted(shard, worker));
        }
        Assert.True(formation.IsComplete);
        var placement = formation.ToPlacement();
        Assert.Equal(["a", "b"], placement.Workers.Select(worker => worker.Worker));
        Assert.Equal([0, 1], placement.Workers[0].Shards);
        Assert.Equal([2, 3], placement.Workers[1].Shards);
    }

    [Fact]
    public void What_belongs_to_another_job_or_generation_is_ignored()
    {
        var formation = JobFormation.Begin("job", 2, 5);
        Assert.Same(formation, formation.With(Hosted(0, "a", generation: 4)));
        Assert.Same(formation, formation.With(Hosted(0, "a", job: "other", generation: 5)));
        Assert.Same(formation, formation.With(Hosted(7, "a", generation: 5)));
        Assert.Equal([0, 1], formation.Missing);
    }

    [Fact]
    public void Hearing_twice_of_a_shard_changes_nothing()
    {
        var formation = JobFormation.Begin("job", 2, 1).With(Hosted(0, "a")).With(Hosted(0, "a"));
        Assert.Equal([1], formation.Missing);
    }

    [Fact]
    public void A_placement_says_who_has_some_shards_and_which()
    {
        var placement = new Placement(1, [new WorkerShards("a", [0, 1]), new WorkerShards("b", [2]), new WorkerShards("c", [3, 4])]);
        var holders = placement.HoldersOf([4, 0, 3]).ToList();
        Assert.Equal(["a", "c"], holders.Select(worker => worker.Worker));
        Assert.Equal([0], holders[0].Shards);
        Assert.Equal([3, 4], holders[1].Shards);
        Assert.Empty(placement.HoldersOf([]));
    }

    private static ShardHosted Hosted(int shard, string worker, string job = "job", long generation = 1) =>
        new(new ShardId(job, shard, 4), generation, worker);
}
