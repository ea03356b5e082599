using DistMtl.Coordinator.Cluster;

namespace DistMtl.Coordinator.Tests.Cluster;

public sealed class TrainingClusterTests
{
    [Fact]
    public void A_run_waits_first_for_those_it_was_told_of_and_then_for_those_it_knows()
    {
        var cluster = OfThree();
        Assert.Equal(3, cluster.WorkersLeft);
        cluster.Form(["a:1", "b:1", "c:1", "d:1"]);
        Assert.Equal(4, cluster.WorkersLeft);
        cluster.Lose("b:1");
        cluster.Lose("b:1");
        Assert.Equal(3, cluster.WorkersLeft);
        cluster.Join("e:1");
        Assert.Equal(4, cluster.WorkersLeft);
    }

    [Fact]
    public void A_worker_that_had_no_part_in_the_run_is_no_loss_to_it()
    {
        var cluster = OfThree();
        cluster.Form(["a:1", "b:1"]);
        cluster.Lose("z:1");
        Assert.Equal(2, cluster.WorkersLeft);
    }

    [Fact]
    public void The_name_of_a_lost_worker_is_free_when_the_cluster_has_forgotten_it()
    {
        var cluster = OfThree();
        cluster.Form(["a:1", "b:1"]);
        cluster.Lose("b:1");
        Assert.Equal(["b:1"], cluster.Lost);
        cluster.Forget("b:1");
        Assert.Empty(cluster.Lost);
        Assert.Equal(1, cluster.WorkersLeft);
    }

    [Fact]
    public void It_has_formed_when_its_workers_have()
    {
        var cluster = OfThree();
        Assert.False(cluster.HasFormed);
        cluster.Form(["a:1", "b:1", "c:1"]);
        Assert.True(cluster.HasFormed);
    }

    /// <summary>What it knows of its members needs no node.</summary>
    private static TrainingCluster OfThree() => new(null!, 3, Local: null, OwnsNode: false);
}
