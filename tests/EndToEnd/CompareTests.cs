using System.Diagnostics;
using System.Text.Json;

namespace DistMtl.EndToEnd.Tests;

public sealed class CompareTests
{
    [Fact]
    public async Task A_comparison_outlives_its_workers_and_holds_equal_and_a_row_for_each_variant()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 2);
        var study = folder["study"];
        await using (var broken = Distmtl.Start("compare", job, "--strategies", "pcgrad", "--seeds", "2", "--no-baseline", "--workers", "1", "--out", study))
        {
            await broken.WaitForAsync("trial 2 of 4");
            Process.GetProcessById(broken.Children()[0]).Kill();
            Assert.Equal(4, await broken.WaitAsync());
            Assert.Contains("worker", broken.Errors, StringComparison.Ordinal);
            Assert.Contains("--resume", broken.Output, StringComparison.Ordinal);
        }
        var before = Repository.Hash(Path.Combine(study, "trials", "mmoe-equal-3"));

        var (exitCode, output, errors) = await Distmtl.RunAsync("compare", "--resume", study, "--workers", "1");

        Assert.True(exitCode == 0, output + errors);
        Assert.Contains("trial 1 of 4: mmoe, equal, seed 3: kept from before", output, StringComparison.Ordinal);
        Assert.All(output.Split('\n').SkipWhile(line => !line.Contains("architecture", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 80 + study.Length));
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(study, "compare.json")));
        var runs = document.RootElement.GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(
            ["equal 3", "pcgrad 3", "equal 4", "pcgrad 4"],
            runs.Select(run => $"{run.GetProperty("strategy").GetString()} {run.GetProperty("seed").GetInt32()}"));
        Assert.Equal(4, runs.Select(run => run.GetProperty("summary").GetProperty("parametersSha256").GetString()).Distinct().Count());
        Assert.Equal(before, runs[0].GetProperty("summary").GetProperty("parametersSha256").GetString());
        var markdown = File.ReadAllText(Path.Combine(study, "compare.md"));
        Assert.Matches(@"\| mmoe \| equal \|.*±.*\| 2 \|", markdown);
        Assert.Matches(@"\| mmoe \| pcgrad \|.*±.*\| 2 \|", markdown);
        Assert.Contains("id=\"study\"", File.ReadAllText(Path.Combine(study, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_compared_is_said_before_anything_runs()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder);
        foreach (var strategy in new[] { "static", "pcgard" })
        {
            var (exitCode, _, errors) = await Distmtl.RunAsync("compare", job, "--strategies", strategy, "--no-baseline", "--out", folder["study"]);
            Assert.Equal(2, exitCode);
            Assert.StartsWith("error: ", errors, StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(folder["study"]));
    }
}
