using DistMtl.Coordinator.Tests.Cluster;

namespace DistMtl.Coordinator.Tests.Training;

/// <summary>
/// How far workers get ahead of each other. A worker begins its step c (0 for the first) when all have made c - s: Ho et al.
/// 2013, More effective distributed ML via a stale synchronous parallel parameter server, section 2.
/// </summary>
public sealed class FreeRunnerTests(HeldCluster cluster) : IClassFixture<HeldCluster>
{
    private const int Target = 9;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(3, 2)]
    public async Task A_worker_that_is_held_back_stops_the_others_as_many_steps_ahead_as_they_may_be(int staleness, int held)
    {
        await using var run = await HeldRun.StartAsync(cluster, "training.mode=staleSynchronous", $"training.staleness={staleness}");
        var running = run.RunAsync(Target);
        var (begun, waiting) = (new int[HeldRun.Shards], 0);
        for (var made = 0; made + staleness < Target; made++)
        {
            // The others are given all they ask for, until they ask for nothing more; its own call to work may come last.
            while (waiting < HeldRun.Shards - 1 || begun[held] <= made)
            {
                if (await run.NextAsync() is not Began(var worker, var version))
                    waiting++;
                else
                {
                    Assert.Equal(begun[worker]++, version);
                    Assert.InRange(version, 0, worker == held ? made : made + staleness);
                    if (worker != held)
                        await run.AnswerAsync(worker);
                }
            }
            Assert.Equal(Enumerable.Range(0, HeldRun.Shards).Select(worker => made + 1 + (worker == held ? 0 : staleness)), begun);
            await run.AnswerAsync(held);
            waiting = 0;
        }
        while (begun[held] < Target)
        {
            Assert.Equal(new Began(held, begun[held]++), await run.NextAsync());
            await run.AnswerAsync(held);
        }
        Assert.Equal((Target, Target * HeldRun.Shards), ((await running).Step, run.Updates));
    }

    [Fact]
    public async Task Without_a_bound_the_others_end_whatever_becomes_of_a_worker_that_is_held_back()
    {
        await using var run = await HeldRun.StartAsync(cluster, "training.mode=asynchronous");
        var running = run.RunAsync(Target);
        var begun = new int[HeldRun.Shards];
        while (begun.Sum() < 1 + (HeldRun.Shards - 1) * Target)
        {
            var (worker, version) = Assert.IsType<Began>(await run.NextAsync());
            Assert.Equal(begun[worker]++, version);
            if (worker != 0)
                await run.AnswerAsync(worker);
        }
        Assert.Equal([1, Target, Target], begun);
        Assert.False(running.IsCompleted);
        await run.AnswerAsync(0);
        while (begun[0] < Target)
        {
            Assert.Equal(new Began(0, begun[0]++), await run.NextAsync());
            await run.AnswerAsync(0);
        }
        Assert.Equal((Target, Target * HeldRun.Shards), ((await running).Step, run.Updates));
    }

    /// <summary>Answers in any order: after each, exactly those begin whom the rule lets, and who may not waits.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(4, 4)]
    public async Task Whoever_answers_first_a_step_begins_as_soon_as_the_slowest_is_near_enough_and_not_sooner(int staleness, int seed)
    {
        await using var run = await HeldRun.StartAsync(cluster, "training.mode=staleSynchronous", $"training.staleness={staleness}");
        var running = run.RunAsync(Target);
        var random = new Random(seed);
        var (made, begun) = (new int[HeldRun.Shards], new int[HeldRun.Shards]);
        await ExpectAsync();
        while (made.Min() < Target)
        {
            int[] working = [.. Enumerable.Range(0, HeldRun.Shards).Where(worker => begun[worker] > made[worker])];
            var answering = working[random.Next(working.Length)];
            await run.AnswerAsync(answering);
            made[answering]++;
            await ExpectAsync(answering);
        }
        Assert.Equal((Target, Target * HeldRun.Shards), ((await running).Step, run.Updates));

        async Task ExpectAsync(int? answered = null)
        {
            var expected = new HashSet<RunEvent>();
            for (var worker = 0; worker < HeldRun.Shards; worker++)
            {
                if (made[worker] - made.Min() > staleness)
                {
                    if (worker == answered)
                        expected.Add(Waits.Instance);
                }
                else if (made[worker] == begun[worker] && begun[worker] < Target)
                    expected.Add(new Began(worker, begun[worker]++));
            }
            while (expected.Count > 0)
            {
                var happened = await run.NextAsync();
                Assert.True(expected.Remove(happened), $"{happened} where {string.Join(", ", expected)} was due after {string.Join(" ", made)} steps");
            }
        }
    }
}
