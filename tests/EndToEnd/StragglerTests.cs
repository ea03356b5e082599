namespace DistMtl.EndToEnd.Tests;

/// <summary>A worker that computes slowly is named in the log and in the status; so is what is waited for.</summary>
public sealed class StragglerTests
{
    [Fact]
    public async Task A_worker_that_becomes_slow_is_told_of_within_ten_steps_and_changes_no_bit()
    {
        using var folder = new TemporaryFolder();
        // Steps of some 50 ms: those of the small job's own are over before the machine has given all workers a turn.
        var job = SmallJob.Write(folder, rows: 20_000);
        string[] larger = ["--json", "--set", "training.batchSize=2048", "--set", "training.maxSteps=50", "--set", "training.epochs=20"];
        await using var distmtl = Distmtl.StartWith(
            new() { ["DISTMTL_FAULTS"] = "worker-1@31/computing:slow*8" }, ["train", job, "--workers", "3", "--out", folder["run"], .. larger]);
        Assert.True(await distmtl.WaitAsync() == 0, distmtl.Output + distmtl.Errors);
        var before = distmtl.Output[..distmtl.Output.IndexOf(" is slow: ", StringComparison.Ordinal)];
        Assert.InRange(before.Split("\"kind\":\"step\"").Length - 1, 31, 41);
        var calm = await Distmtl.RunAsync(["train", job, "--workers", "1", "--out", folder["calm"], .. larger]);
        Assert.True(calm.ExitCode == 0, calm.Output + calm.Errors);
        Assert.Equal(Repository.Hash(folder["calm"]), Repository.Hash(folder["run"]));
    }

    [Theory]
    [InlineData("pcgrad")]
    [InlineData("equal", "embeddings={storage: sparse}")]
    public async Task Shards_of_a_slow_worker_are_computed_twice_and_the_bits_stay_the_same(string strategy, params string[] set)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, strategy, rows: 20_000);
        string[] larger = ["--json", "--set", "training.batchSize=2048", "--set", "training.maxSteps=90", "--set", "training.epochs=20", .. set.SelectMany(pair => new[] { "--set", pair })];
        await using var distmtl = Distmtl.StartWith(
            new() { ["DISTMTL_FAULTS"] = "worker-1@25/computing:slow*20" },
            ["train", job, "--workers", "3", "--out", folder["run"], "--set", "training.backupShards=2", "--set", "training.evaluateEvery=20", .. larger]);
        Assert.True(await distmtl.WaitAsync() == 0, distmtl.Output + distmtl.Errors);
        Assert.Matches("a worker has become slow, or fast again; going on behind step [2-5]", distmtl.Output);
        Assert.Matches("data shards [0-9 ]+ are computed twice", distmtl.Output);
        // What the slow worker sends too late disturbs nobody.
        Assert.DoesNotContain("instead of", distmtl.Output, StringComparison.Ordinal);
        var calm = await Distmtl.RunAsync(["train", job, "--workers", "1", "--out", folder["calm"], .. larger]);
        Assert.True(calm.ExitCode == 0, calm.Output + calm.Errors);
        Assert.Equal(Repository.Hash(folder["calm"]), Repository.Hash(folder["run"]));
        Assert.Equal(File.ReadAllText(Path.Combine(folder["calm"], "ledger.csv")), File.ReadAllText(Path.Combine(folder["run"], "ledger.csv")));
    }

    [Fact]
    public async Task The_status_tells_what_is_waited_for_since_when_and_how_fast_each_worker_is()
    {
        using var folder = new TemporaryFolder();
        var coordinator = new Coordinator(folder, $"sqlite:{folder["jobs.db"]}");
        await using var service = await coordinator.StartAsync([]);
        Assert.Contains("no runs; it waits for a job", await StatusAsync(coordinator, "no runs"), StringComparison.Ordinal);
        await using var first = Coordinator.StartWorker([coordinator]);
        await using var client = Distmtl.Start("submit", SmallJob.Write(folder, epochs: 100_000), "--to", coordinator.Http, "--workers", "2", "--wait");
        var waiting = await StatusAsync(coordinator, "1 of 2 workers have joined");
        Assert.Matches(@"waiting since \d\d:\d\d:\d\d, \d+ s for the cluster to form \(until 60 s\)\n    1 of 2 workers have joined\n", waiting);
        await client.WaitForAsync("s for the cluster to form: 1 of 2 workers have joined");

        await using var second = Coordinator.StartWorker([coordinator]);
        var running = await StatusAsync(coordinator, " epoch ");
        Assert.Matches(@"running, step \d+ of \d+, epoch \d+, [\d,]+ rows/s", running);
        Assert.Contains("2 workers in the cluster", running, StringComparison.Ordinal);
        Assert.All(running.Split('\n'), line => Assert.True(line.Length <= 120, line));
    }

    private static async Task<string> StatusAsync(Coordinator coordinator, string until)
    {
        while (true)
        {
            var (exitCode, output, errors) = await Distmtl.RunAsync("status", "--to", coordinator.Http);
            if (exitCode == 0 && output.Contains(until, StringComparison.Ordinal))
                return output;
            Assert.True(exitCode == 0 || errors.Contains("503", StringComparison.Ordinal), errors);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
