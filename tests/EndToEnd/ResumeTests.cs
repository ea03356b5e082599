using System.Runtime.InteropServices;

namespace DistMtl.EndToEnd.Tests;

/// <summary>What shards and parameter servers keep from step to step goes through a checkpoint, and to other workers.</summary>
public sealed class ResumeTests
{
    [Theory]
    [InlineData("compression={kind: topk, ratio: 0.05}", "parameterServers={count: 2, placement: workers}")]
    [InlineData("compression={kind: int8, errorFeedback: true}")]
    [InlineData("localSteps=2")]
    public async Task A_run_on_two_workers_that_is_stopped_and_resumed_ends_in_the_bits_of_the_run_on_one(params string[] training)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, epochs: 8);
        // The users' table is sparse, but where local steps have all tables dense.
        string[] sets = ["--set", "features.user_id.buckets=20000", "--set", "training.evaluateEvery=1000", .. training.SelectMany(setting => (string[])["--set", $"training.{setting}"])];
        var whole = await Distmtl.RunAsync(["train", job, "--workers", "1", "--out", folder["whole"], .. sets]);
        Assert.True(whole.ExitCode == 0, whole.Output + whole.Errors);

        await using (var stopped = Distmtl.Start(["train", job, "--workers", "2", "--json", "--out", folder["stopped"], .. sets]))
        {
            await stopped.WaitForAsync("\"kind\":\"step\"");
            stopped.Signal(PosixSignal.SIGTERM);
            Assert.Equal(130, await stopped.WaitAsync());
        }
        Assert.InRange(Repository.Summary(folder["stopped"]).GetProperty("steps").GetInt32(), 1, Repository.Summary(folder["whole"]).GetProperty("steps").GetInt32() - 1);

        var resumed = await Distmtl.RunAsync("train", "--resume", folder["stopped"], "--workers", "2");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.Equal(Repository.Hash(folder["whole"]), Repository.Hash(folder["stopped"]));
        // These are of the rows of sparse tables, too, which are no part of the hash.
        Assert.Equal(Validation("whole"), Validation("stopped"));
        Assert.Equal(File.ReadAllText(Path.Combine(folder["whole"], "ledger.csv")), File.ReadAllText(Path.Combine(folder["stopped"], "ledger.csv")));

        string Validation(string run) => Repository.Summary(folder[run]).GetProperty("validation").GetRawText();
    }
}
