using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DistMtl.EndToEnd.Tests;

public sealed class CrossValidationTests(CrossValidationTests.Whole whole) : IClassFixture<CrossValidationTests.Whole>
{
    private const int Epochs = 3;

    [Fact]
    public void Folds_are_whole_runs_whose_metrics_the_summary_brings_together()
    {
        var run = whole.Run;
        for (var fold = 1; fold <= 3; fold++)
            Assert.Contains($"small, fold {fold} of 3:", whole.Output, StringComparison.Ordinal);

        Assert.Contains("3 of 3 folds of small", whole.Output, StringComparison.Ordinal);

        var summary = Repository.Summary(run);
        Assert.Equal("completed", summary.GetProperty("status").GetString());
        Assert.Equal(3, summary.GetProperty("finishedFolds").GetInt32());
        var folds = Enumerable.Range(1, 3).Select(fold => Repository.Summary(Path.Combine(run, $"fold-{fold}"))).ToList();
        var logLosses = folds.Select(fold => Validation(fold).GetProperty("logLoss").GetDouble()).ToList();
        var logLoss = Validation(summary).GetProperty("logLoss");
        Assert.Equal(logLosses, logLoss.GetProperty("folds").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal(logLosses.Average(), logLoss.GetProperty("mean").GetDouble(), 1e-12);
        // Every row validates once: no row is in two folds, and none is left out.
        Assert.Equal(2000, folds.Sum(fold => Validation(fold).GetProperty("labels").GetInt64()));
        Assert.Equal(2 * 2000 * Epochs, folds.Sum(fold => fold.GetProperty("rows").GetInt64()));
        foreach (var file in new[] { "job.yaml", "metrics.jsonl", "ledger.csv", "report.html", "checkpoints" })
            Assert.True(Path.Exists(Path.Combine(run, "fold-2", file)), file);
    }

    [Fact]
    public async Task An_interrupted_fold_goes_on_and_the_folds_behind_it_follow()
    {
        using var folder = new TemporaryFolder();
        await using (var stopped = Distmtl.Start("train", Job(folder), "--workers", "2", "--json", "--out", folder["stopped"]))
        {
            await stopped.WaitForAsync("small, fold 2 of 3");
            stopped.Signal(PosixSignal.SIGINT);
            Assert.Equal(130, await stopped.WaitAsync());
        }
        Assert.Equal("interrupted", Repository.Summary(folder["stopped"]).GetProperty("status").GetString());
        Assert.Equal(1, Repository.Summary(folder["stopped"]).GetProperty("finishedFolds").GetInt32());

        var resumed = await Distmtl.RunAsync("train", "--resume", folder["stopped"], "--workers", "1");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.DoesNotContain("fold 1 of 3", resumed.Output, StringComparison.Ordinal);
        Assert.Equal(Hashes(whole.Run), Hashes(folder["stopped"]));
    }

    private static string Job(TemporaryFolder folder)
    {
        var path = SmallJob.Write(folder, epochs: Epochs);
        File.WriteAllText(path, File.ReadAllText(path)
            .Replace("  validation: {fraction: 0.2}\n", "", StringComparison.Ordinal)
            .Replace("batchSize: 256}", "batchSize: 256, folds: 3}", StringComparison.Ordinal));
        return path;
    }

    private static JsonElement Validation(JsonElement summary) => summary.GetProperty("validation").GetProperty("click");

    private static List<string> Hashes(string run) =>
        [.. Enumerable.Range(1, 3).Select(fold => Repository.Hash(Path.Combine(run, string.Create(CultureInfo.InvariantCulture, $"fold-{fold}"))))];

    /// <summary>The cross-validation that nobody disturbs.</summary>
    public sealed class Whole : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public string Run => _folder["run"];

        public string Output { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            var (exitCode, output, errors) = await Distmtl.RunAsync("train", Job(_folder), "--workers", "2", "--out", Run);
            Assert.True(exitCode == 0, output + errors);
            Output = output;
        }

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
