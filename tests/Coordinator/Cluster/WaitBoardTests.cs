using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Tests.Training;

namespace DistMtl.Coordinator.Tests.Cluster;

public sealed class WaitBoardTests
{
    private readonly MovedClock _clock = new();
    private readonly List<string> _notices = [];

    [Fact]
    public void A_wait_that_lasts_is_told_of_when_it_has_doubled_with_what_is_missing_then()
    {
        using var board = new WaitBoard(_clock, _notices.Add);
        string[] missing = ["data shards 3 4 of worker a:1", "data shards 5 of worker b:1"];
        using (board.Begin("step 12", TimeSpan.FromSeconds(120), () => missing))
        {
            _clock.Move(TimeSpan.FromSeconds(4));
            Assert.Empty(_notices);
            _clock.Move(TimeSpan.FromSeconds(2));
            missing = ["data shards 4 of worker a:1"];
            _clock.Move(TimeSpan.FromSeconds(13));
        }
        _clock.Move(TimeSpan.FromSeconds(100));
        Assert.Equal(
            [
                "waiting 5 s for step 12: data shards 3 4 of worker a:1; data shards 5 of worker b:1 (until 120 s)",
                "waiting 10 s for step 12: data shards 4 of worker a:1 (until 120 s)",
            ],
            _notices);
    }

    [Fact]
    public void Waits_are_shown_from_their_beginning_to_their_end()
    {
        using var board = new WaitBoard(_clock, _notices.Add);
        _clock.Move(TimeSpan.FromSeconds(1));
        var first = board.Begin("one", TimeSpan.FromSeconds(60), () => []);
        _clock.Move(TimeSpan.FromSeconds(2));
        using var second = board.Begin("another", TimeSpan.FromSeconds(60), () => []);
        Assert.Equal([("one", 2.0), ("another", 0)], board.Current.Select(wait => (wait.What, wait.Seconds)));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(1), board.Current[0].Since);
        Assert.Equal("2 s for one (until 60 s)", board.Current[0].ToString());
        first.Dispose();
        Assert.Equal("another", Assert.Single(board.Current).What);
    }
}
