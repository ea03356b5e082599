using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistMtl.EndToEnd.Tests;

public sealed class InterruptionTests(ReferenceRuns references)
{
    [Fact]
    public async Task Ctrl_C_leaves_a_checkpoint_and_resume_ends_in_the_bits_of_the_run_that_was_not_stopped()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 4);
        var whole = await references.RunAsync("pcgrad", epochs: 4);
        await using (var stopped = Distmtl.Start("train", job, "--workers", "2", "--json", "--out", folder["stopped"]))
        {
            await stopped.WaitForAsync("\"kind\":\"step\"");
            stopped.Signal(PosixSignal.SIGINT);
            Assert.Equal(130, await stopped.WaitAsync());
        }
        var summary = Repository.Summary(folder["stopped"]);
        Assert.Equal("interrupted", summary.GetProperty("status").GetString());
        Assert.InRange(summary.GetProperty("steps").GetInt32(), 1, Repository.Summary(whole).GetProperty("steps").GetInt32() - 1);

        var resumed = await Distmtl.RunAsync("train", "--resume", folder["stopped"], "--workers", "3");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.Equal(Repository.Hash(whole), Repository.Hash(folder["stopped"]));
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "ledger.csv")), File.ReadAllText(Path.Combine(folder["stopped"], "ledger.csv")));
    }

    /// <summary>One strategy with a state of each kind: by losses, by the Gramian, by the rows.</summary>
    [Theory]
    [InlineData("famo")]
    [InlineData("gradvac")]
    [InlineData("moco")]
    public async Task A_weighting_with_a_history_resumes_to_the_same_bits(string strategy)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, strategy, epochs: 4);
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", job, "--workers", "1", "--out", folder["run"], "--set", "training.checkpointEvery=10", "--set", "training.evaluateEvery=1000");
        Assert.True(exitCode == 0, output + errors);
        var whole = Repository.Summary(folder["run"]);

        // The run as it was before its last steps.
        var last = Path.Combine(folder["run"], "checkpoints", $"step-{whole.GetProperty("steps").GetInt32()}");
        Directory.Delete(last, recursive: true);
        File.Delete(Path.Combine(folder["run"], "summary.json"));
        var resumed = await Distmtl.RunAsync("train", "--resume", folder["run"], "--workers", "2", "--json");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.Contains("\"kind\":\"step\"", resumed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\"step\":20,", resumed.Output, StringComparison.Ordinal);
        Assert.Contains("\"step\":21,", resumed.Output, StringComparison.Ordinal);
        Assert.Equal(whole.GetProperty("parametersSha256").GetString(), Repository.Hash(folder["run"]));
        Assert.Equal(whole.GetProperty("validation").GetRawText(), Repository.Summary(folder["run"]).GetProperty("validation").GetRawText());
    }

    [Fact]
    public async Task A_coordinator_that_is_killed_leaves_no_worker_and_a_checkpoint_to_go_on_from()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 4);
        await using (var distmtl = Distmtl.Start("train", job, "--workers", "2", "--json", "--out", folder["run"], "--set", "training.checkpointEvery=3"))
        {
            await distmtl.WaitForAsync("\"kind\":\"checkpoint\"");
            var workers = distmtl.Children();
            Assert.Equal(2, workers.Count);
            distmtl.Kill();
            await AllGone(workers);
        }
        var (exitCode, output, errors) = await Distmtl.RunAsync("train", "--resume", folder["run"], "--workers", "1");
        Assert.True(exitCode == 0, output + errors);
        Assert.Equal(Repository.Hash(await references.RunAsync("pcgrad", epochs: 4)), Repository.Hash(folder["run"]));
    }

    [Fact]
    public async Task The_last_worker_takes_the_run_along_which_ends_with_a_reason_and_a_checkpoint_to_go_on_from()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, epochs: 2000);
        await using var distmtl = Distmtl.Start("train", job, "--workers", "1", "--json", "--out", folder["run"]);
        await distmtl.WaitForAsync("\"kind\":\"step\"");
        var workers = distmtl.Children();
        Process.GetProcessById(workers[0]).Kill();
        Assert.Equal(4, await distmtl.WaitAsync());
        // Who is lost and what to do, and nothing that Akka has to say of it.
        var error = Assert.Single(distmtl.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains($"(pid {workers[0]}) ended with exit code 137", error, StringComparison.Ordinal);
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
