using DistMtl.Tests;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Runs in a folder on a disk that is full: training goes on, and what could not be written is written later.</summary>
public sealed class FullDiskTests
{
    private const int Kilobyte = 1024;

    private static readonly string[] s_sets =
        ["--set", "features.user_id.buckets=20000", "--set", "training.evaluateEvery=1000", "--set", "training.checkpointEvery=4", "--set", "training.maxSteps=82"];

    /// <summary>
    /// With a sparse table, whose changes are told once: those of the checkpoints that were not written go into the last, which
    /// two steps alone would not fill.
    /// </summary>
    [Fact]
    public async Task A_run_whose_disk_is_full_for_a_while_ends_in_the_bits_of_one_whose_disk_was_not()
    {
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.Mount(64 * 1024 * Kilobyte);
        var job = SmallJob.Write(folder, epochs: 16);
        var calm = await Distmtl.RunAsync(["train", job, "--workers", "1", "--out", folder["calm"], .. s_sets]);
        Assert.True(calm.ExitCode == 0, calm.Output + calm.Errors);

        await DisturbAsync("here");
        await DisturbAsync("there", "--set", "training.parameterServers={count: 2, placement: workers}");

        async Task DisturbAsync(string name, params string[] servers)
        {
            var run = Path.Combine(disk.Root, name);
            await using var disturbed = Distmtl.Start(["train", job, "--workers", "2", "--json", "--out", run, .. s_sets, .. servers]);
            await disturbed.WaitForAsync("\"kind\":\"checkpoint\"");
            disk.Fill(left: 16 * Kilobyte);
            await disturbed.WaitForAsync($"cannot write checkpoint '{run}/checkpoints/step-80'");
            disk.Free();

            Assert.True(await disturbed.WaitAsync() == 0, disturbed.Output + disturbed.Errors);
            Assert.Contains("No space left on device", disturbed.Output, StringComparison.Ordinal);
            Assert.Contains("the run goes on", disturbed.Output, StringComparison.Ordinal);
            Assert.Equal(Repository.Hash(folder["calm"]), Repository.Hash(run));
            Assert.Equal(File.ReadAllText(Path.Combine(folder["calm"], "ledger.csv")), File.ReadAllText(Path.Combine(run, "ledger.csv")));
            // No line is missing, and none is cut.
            Assert.Equal(File.ReadLines(Path.Combine(folder["calm"], "metrics.jsonl")).Count(), File.ReadLines(Path.Combine(run, "metrics.jsonl")).Count(line => line.EndsWith('}')));
            Assert.DoesNotContain(Directory.EnumerateDirectories(Path.Combine(run, "checkpoints")), path => path.Contains(".tmp-", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_run_that_ends_on_a_full_disk_fails_with_the_reason_and_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("DISTMTL_LONG_TESTS") == "1", "it waits for half a minute (DISTMTL_LONG_TESTS=1)");
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.Mount(64 * 1024 * Kilobyte);
        var job = SmallJob.Write(folder, epochs: 4);
        var calm = await Distmtl.RunAsync(["train", job, "--workers", "1", "--out", folder["calm"], .. s_sets]);
        Assert.True(calm.ExitCode == 0, calm.Output + calm.Errors);

        var run = Path.Combine(disk.Root, "run");
        await using (var disturbed = Distmtl.Start(["train", job, "--workers", "2", "--out", run, .. s_sets]))
        {
            await disturbed.WaitForAsync("checkpoint step-4");
            disk.Fill(left: 0);
            Assert.Equal(5, await disturbed.WaitAsync());
            var error = Assert.Single(disturbed.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.StartsWith($"error: cannot write checkpoint '{run}/checkpoints/step-", error, StringComparison.Ordinal);
            Assert.Contains("No space left on device", error, StringComparison.Ordinal);
            Assert.EndsWith($"'distmtl train --resume {run}' goes on with it", error, StringComparison.Ordinal);
            Assert.Contains("it is tried for 30 s in all", disturbed.Output, StringComparison.Ordinal);
        }
        disk.Free();
        var resumed = await Distmtl.RunAsync("train", "--resume", run, "--workers", "2");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.Equal(Repository.Hash(folder["calm"]), Repository.Hash(run));
        Assert.Equal(File.ReadLines(Path.Combine(folder["calm"], "metrics.jsonl")).Count(), File.ReadLines(Path.Combine(run, "metrics.jsonl")).Count(line => line.EndsWith('}')));
    }
}
