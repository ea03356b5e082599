namespace DistMtl.EndToEnd.Tests;

/// <summary>A run's folder is damaged while nothing runs.</summary>
public sealed class DamageTests(ReferenceRuns references)
{
    [Fact]
    public async Task A_run_whose_files_are_damaged_resumes_from_the_checkpoint_before_to_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var whole = await references.RunAsync("pcgrad", epochs: 4);
        var run = Copy(whole, folder["run"]);
        var newest = Checkpoints(run)[^1];
        Flip(Path.Combine(newest, "optimizer.safetensors"));
        File.WriteAllText(Path.Combine(run, "job.yaml"), "name: [");
        File.WriteAllText(Path.Combine(run, "summary.json"), "{\"name\": 7");
        var metrics = Path.Combine(run, "metrics.jsonl");
        File.WriteAllLines(metrics, [.. File.ReadLines(metrics).SelectMany(line => (string[])[line, "{\"kind\":\"step\"}", "\0"])]);

        var (exitCode, output, errors) = await Distmtl.RunAsync("train", "--resume", run, "--workers", "2");

        Assert.True(exitCode == 0, output + errors);
        Assert.Contains($"warning: checkpoint '{newest}' is skipped: optimizer.safetensors is not as it was written", errors, StringComparison.Ordinal);
        Assert.Equal(Repository.Hash(whole), Repository.Hash(run));
        foreach (var file in new[] { "ledger.csv", "job.yaml" })
            Assert.Equal(File.ReadAllText(Path.Combine(whole, file)), File.ReadAllText(Path.Combine(run, file)));
        Assert.Equal(File.ReadLines(Path.Combine(whole, "metrics.jsonl")).Count(), File.ReadLines(metrics).Count());
    }

    [Fact]
    public async Task A_run_without_a_sound_checkpoint_is_bad_input_in_one_line()
    {
        using var folder = new TemporaryFolder();
        var run = Copy(await references.RunAsync("pcgrad", epochs: 4), folder["run"]);
        foreach (var checkpoint in Checkpoints(run))
            File.Delete(Path.Combine(checkpoint, "SHA256SUMS"));

        var (exitCode, _, errors) = await Distmtl.RunAsync("train", "--resume", run, "--workers", "2");

        Assert.Equal(2, exitCode);
        Assert.Equal($"error: there is no complete checkpoint in {run}/checkpoints to go on from", errors.Trim().Split('\n')[^1]);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    private static List<string> Checkpoints(string run) =>
        [.. Directory.GetDirectories(Path.Combine(run, "checkpoints")).OrderBy(path => int.Parse(path.Split('-')[^1], System.Globalization.CultureInfo.InvariantCulture))];

    private static void Flip(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[^3] ^= 64;
        File.WriteAllBytes(file, bytes);
    }

    private static string Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return to;
    }
}
