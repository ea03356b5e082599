using DistMtl.Coordinator.Training;

namespace DistMtl.Coordinator.Tests.Training;

public sealed class BackupsTests
{
    private static readonly WorkerRate[] s_rates =
    [
        new("a", [0, 1], 100, false), new("b", [2, 3], 20, true), new("c", [4, 5], 120, false), new("d", [6, 7], 40, true),
    ];

    [Fact]
    public void Shards_of_the_slowest_go_one_by_one_to_the_fastest()
    {
        var backups = Backups.Of(3, s_rates);
        Assert.Equal([2, 6], backups.ByWorker["c"]);
        Assert.Equal([3], backups.ByWorker["a"]);
        Assert.Equal([2, 3, 6], backups.Twice!);
        Assert.Equal(["b", "d"], backups.Slow.Order());
    }

    [Fact]
    public void There_are_none_unless_the_job_asks_for_them_and_some_worker_is_slow_and_another_fast()
    {
        Assert.Null(Backups.Of(0, s_rates).Twice);
        Assert.Null(Backups.Of(3, [.. s_rates.Where(rate => !rate.IsSlow)]).Twice);
        Assert.Null(Backups.Of(3, [.. s_rates.Where(rate => rate.IsSlow)]).Twice);
        Assert.Null(Backups.Of(3, []).Twice);
    }

    [Fact]
    public void They_are_outdated_when_others_are_slow()
    {
        var backups = Backups.Of(3, s_rates);
        Assert.False(backups.AreOutdated(s_rates));
        Assert.True(backups.AreOutdated([.. s_rates.Select(rate => rate with { IsSlow = rate.Worker == "b" })]));
        Assert.True(backups.AreOutdated([.. s_rates.Select(rate => rate with { IsSlow = rate.Worker is "a" or "b" })]));
    }
}
