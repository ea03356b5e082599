namespace DistMtl.EndToEnd.Tests;

public sealed class DeterminismTests(ReferenceRuns references)
{
    [Theory]
    [InlineData("equal", 3)]
    [InlineData("pcgrad", 2, 3)]
    [InlineData("uncertainty", 2)]
    public async Task Several_workers_end_in_the_bits_of_one(string strategy, params int[] several)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, strategy);
        var alone = Repository.Summary(await references.RunAsync(strategy, epochs: 2));
        Assert.Equal(1, alone.GetProperty("workers").GetInt32());
        // Of groups whose rows lie on several workers, too.
        var metrics = alone.GetProperty("validation").GetRawText();
        Assert.Contains("\"gauc\": 0.", metrics, StringComparison.Ordinal);
        foreach (var workers in several)
        {
            var run = folder[$"run-{workers}"];
            var (exitCode, output, errors) = await Distmtl.RunAsync("train", job, "--workers", $"{workers}", "--out", run);
            Assert.True(exitCode == 0, output + errors);
            var summary = Repository.Summary(run);
            Assert.Equal(workers, summary.GetProperty("workers").GetInt32());
            Assert.Equal(alone.GetProperty("parametersSha256").GetString(), summary.GetProperty("parametersSha256").GetString());
            Assert.Equal(metrics, summary.GetProperty("validation").GetRawText());
        }
    }

    [Fact]
    public async Task Losses_schedules_clipping_groups_and_portions_have_the_same_bits_on_any_workers_too()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad");
        string[] sets =
        [
            "--set", "tasks.click.loss=focal", "--set", "tasks.click.positiveWeight=balanced", "--set", "tasks.cart.labelSmoothing=0.1",
            "--set", "tasks.rating.loss=huber", "--set", "tasks.rating.learningRate=0.01",
            "--set", "optimizer.schedule={kind: cosine, warmup: 0.2}", "--set", "optimizer.clipNorm=0.1",
            "--set", "optimizer.groups=[{match: \"embedding.*\", learningRate: 0.01, weightDecay: 0.001}, {match: head.click.bias, learningRate: 0}]",
            "--set", "training.accumulate=3",
        ];
        var hashes = new List<string>();
        for (var workers = 1; workers <= 2; workers++)
        {
            var run = folder[$"run-{workers}"];
            var (exitCode, output, errors) = await Distmtl.RunAsync(["train", job, "--workers", $"{workers}", "--out", run, .. sets]);
            Assert.True(exitCode == 0, output + errors);
            hashes.Add(Repository.Hash(run));
        }
        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(Repository.Hash(await references.RunAsync("pcgrad", epochs: 2)), hashes[0]);
    }

    [Fact]
    public async Task Another_seed_ends_in_other_bits()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, output, errors) = await Distmtl.RunAsync("train", SmallJob.Write(folder), "--workers", "1", "--out", folder["run"], "--set", "seed=4");
        Assert.True(exitCode == 0, output + errors);
        Assert.NotEqual(Repository.Hash(await references.RunAsync("equal", epochs: 2)), Repository.Hash(folder["run"]));
    }
}
