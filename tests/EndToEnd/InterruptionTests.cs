using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistMtl.EndToEnd.Tests;

public sealed class InterruptionTests
{
    [Fact]
    public async Task Ctrl_C_leaves_a_checkpoint_and_resume_ends_in_the_bits_of_the_run_that_was_not_stopped()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 6);
        var (whole, output, errors) = await Distmtl.RunAsync("train", job, "--workers", "2", "--out", folder["whole"]);
        Assert.True(whole == 0, output + errors);

        await using (var stopped = Distmtl.Start("train", job, "--workers", "2", "--json", "--out", folder["stopped"]))
        {
            await stopped.WaitForAsync("\"kind\":\"step\"");
            stopped.Signal(PosixSignal.SIGINT);
            Assert.Equal(130, await stopped.WaitAsync());
        }
        var summary = Repository.Summary(folder["stopped"]);
        Assert.Equal("interrupted", summary.GetProperty("status").GetString());
        Assert.InRange(summary.GetProperty("steps").GetInt32(), 1, Repository.Summary(folder["whole"]).GetProperty("steps").GetInt32() - 1);

        var resumed = await Distmtl.RunAsync("train", "--resume", folder["stopped"], "--workers", "3");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.Equal(Repository.Hash(folder["whole"]), Repository.Hash(folder["stopped"]));
        Assert.Equal(File.ReadAllText(Path.Combine(folder["whole"], "ledger.csv")), File.ReadAllText(Path.Combine(folder["stopped"], "ledger.csv")));
    }

    /// <summary>One strategy with a state of each kind: by losses, by the Gramian, by the rows.</summary>
    [Theory]
    [InlineData("famo")]
    [InlineData("gradvac")]
    [InlineData("moco")]
    public async Task A_weighting_with_a_history_resumes_to_the_same_bits(string strategy)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, strategy, epochs: 4, rows: 2000);
        var whole = await Distmtl.RunAsync("train", job, "--workers", "1", "--out", folder["whole"]);
        Assert.True(whole.ExitCode == 0, whole.Output + whole.Errors);

        await using (var killed = Distmtl.Start("train", job, "--workers", "1", "--json", "--out", folder["killed"], "--set", "training.checkpointEvery=3"))
        {
            await killed.WaitForAsync("\"kind\":\"checkpoint\"");
            killed.Kill();
        }
        var resumed = await Distmtl.RunAsync("train", "--resume", folder["killed"], "--workers", "2");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.Equal(Repository.Hash(folder["whole"]), Repository.Hash(folder["killed"]));
    }

    [Fact]
    public async Task No_worker_outlives_a_coordinator_that_is_killed()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, epochs: 2000);
        await using var distmtl = Distmtl.Start("train", job, "--workers", "2", "--json", "--out", folder["run"]);
        await distmtl.WaitForAsync("\"kind\":\"step\"");
        var workers = distmtl.Children();
        Assert.Equal(2, workers.Count);
        distmtl.Kill();
        await AllGone(workers);
    }

    [Fact]
    public async Task A_killed_worker_ends_the_run_with_a_reason_and_a_checkpoint_to_go_on_from()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, epochs: 2000);
        await using var distmtl = Distmtl.Start("train", job, "--workers", "2", "--json", "--out", folder["run"]);
        await distmtl.WaitForAsync("\"kind\":\"step\"");
        var workers = distmtl.Children();
        Process.GetProcessById(workers[0]).Kill();
        Assert.Equal(4, await distmtl.WaitAsync());
        // Who is lost and what to do, and nothing that Akka has to say of it.
        var error = Assert.Single(distmtl.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains("worker", error, StringComparison.Ordinal);
        Assert.Contains($"train --resume {folder["run"]}", error, StringComparison.Ordinal);
        Assert.Equal("failed", Repository.Summary(folder["run"]).GetProperty("status").GetString());
        Assert.NotEmpty(Directory.EnumerateDirectories(Path.Combine(folder["run"], "checkpoints"), "step-*"));
        Assert.True(File.Exists(Path.Combine(folder["run"], "report.html")));
        await AllGone(workers);
    }

    private static async Task AllGone(IReadOnlyList<int> pids)
    {
        var clock = Stopwatch.StartNew();
        while (pids.Any(Distmtl.IsAlive))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"workers {string.Join(", ", pids.Where(Distmtl.IsAlive))} are still there");
            await Task.Delay(50);
        }
    }
}
