using System.Globalization;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Workers that do not wait for each other.</summary>
public sealed class TrainingModeTests
{
    [Theory]
    [InlineData("all")]
    [InlineData("trunk")]
    public async Task One_worker_that_waits_for_nobody_ends_in_the_bits_of_synchronous_steps(string scope)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 2);
        foreach (var mode in new[] { "synchronous", "asynchronous" })
        {
            var (exitCode, output, errors) = await Distmtl.RunAsync(
                "train", job, "--workers", "1", "--out", folder[mode], "--set", $"training.mode={mode}", "--set", "features.user_id.buckets=20000",
                "--set", $"weighting.scope={scope}");
            Assert.True(exitCode == 0, output + errors);
        }
        Assert.Equal(Repository.Hash(folder["synchronous"]), Repository.Hash(folder["asynchronous"]));
        Assert.Equal(
            Repository.Summary(folder["synchronous"]).GetProperty("validation").GetRawText(), Repository.Summary(folder["asynchronous"]).GetProperty("validation").GetRawText());
        Assert.Equal(0, Repository.Summary(folder["asynchronous"]).GetProperty("staleness").GetProperty("max").GetInt32());
    }

    /// <summary>Each worker's rows wait for the weights of its own step.</summary>
    [Fact]
    public async Task Two_workers_that_wait_for_nobody_send_their_rows_each_when_its_own_step_is_weighed()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 2, rows: 2000);
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", job, "--workers", "2", "--out", folder["run"], "--set", "training.mode=asynchronous", "--set", "features.user_id.buckets=20000",
            "--set", "weighting.scope=trunk", "--set", "optimizer.clipNorm=1", "--set", "training.parameterServers={count: 2, placement: workers}");
        Assert.True(exitCode == 0, output + errors);
        var ledger = File.ReadLines(Path.Combine(folder["run"], "ledger.csv")).Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Equal(2 * 5, ledger.Count);
        Assert.All(ledger, row => Assert.Equal(row[2], row[3]));
    }

    /// <summary>
    /// A worker has its parameters as it has made its step k - 1, when the other is in its step k - 1 - s or later, and uses
    /// them in step k, until which the other ends step k + s at most: they lack 2 s + 2 updates at most.
    /// </summary>
    [Fact]
    public async Task Two_workers_keep_the_bound_and_every_row_counts_once_an_epoch()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, epochs: 6);
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", job, "--workers", "2", "--out", folder["run"], "--set", "training.mode=staleSynchronous", "--set", "training.staleness=0", "--set", "training.evaluateEvery=1000");
        Assert.True(exitCode == 0, output + errors);
        Assert.InRange(Repository.Summary(folder["run"]).GetProperty("staleness").GetProperty("max").GetInt32(), 0, 2);

        var ledger = File.ReadLines(Path.Combine(folder["run"], "ledger.csv")).Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Equal(6 * 5, ledger.Count);
        Assert.All(ledger, row => Assert.Equal(row[2], row[3]));
        Assert.Equal(Repository.Summary(folder["run"]).GetProperty("rows").GetInt64(), ledger.Sum(row => long.Parse(row[3], CultureInfo.InvariantCulture)));
    }
}
