using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

public sealed class ShardStoreTests : IDisposable
{
    private readonly SmallShards _small = new();
    private readonly ShardStore _store = new();

    public void Dispose() => _small.Dispose();

    [Fact]
    public void A_later_generation_of_a_run_reads_only_what_is_new_to_the_worker()
    {
        var first = Load("run", 0, 1);
        File.Delete(_small.Job.Data.Train);

        var second = Load("run", 1);

        Assert.Equal([1], second.Keys);
        Assert.Same(first[1], second[1]);
        // What it had to give away it has not kept.
        Assert.ThrowsAny<Exception>(() => Load("run", 0));
    }

    [Fact]
    public void Another_run_reads_its_rows_itself()
    {
        var first = Load("run", 0);
        Assert.NotSame(first[0], Load("another run", 0)[0]);
    }

    [Fact]
    public void What_is_cleared_is_read_again()
    {
        var first = Load("run", 0);
        _store.Clear();
        Assert.NotSame(first[0], Load("run", 0)[0]);
    }

    private IReadOnlyDictionary<int, DistMtl.Data.ShardRows> Load(string run, params int[] shards) => _store.Load(
        new JobPlan(SmallShards.Plan(_small.Job, false, shards) with { Run = run }, _small.Job, _small.Scan.Schema), TestContext.Current.CancellationToken);
}
