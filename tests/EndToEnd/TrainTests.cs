using System.Text.Json;

namespace DistMtl.EndToEnd.Tests;

public sealed class TrainTests
{
    [Fact]
    public async Task A_run_leaves_what_was_promised_and_each_row_counts_once_per_epoch()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder);
        var run = folder["run"];
        var (exitCode, output, errors) = await Distmtl.RunAsync("train", job, "--out", run);
        Assert.True(exitCode == 0, output + errors);
        Assert.Empty(errors.Trim());
        foreach (var file in new[] { "job.yaml", "metrics.jsonl", "summary.json", "ledger.csv", "report.html" })
            Assert.True(File.Exists(Path.Combine(run, file)), file);

        var summary = Repository.Summary(run);
        Assert.Equal("completed", summary.GetProperty("status").GetString());
        Assert.InRange(summary.GetProperty("validation").GetProperty("click").GetProperty("auc").GetDouble(), 0.4, 1);
        Assert.InRange(summary.GetProperty("validation").GetProperty("rating").GetProperty("rmse").GetDouble(), 0, 5);

        var ledger = File.ReadLines(Path.Combine(run, "ledger.csv")).Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Equal(2 * 5, ledger.Count);
        Assert.All(ledger, row => Assert.Equal(row[2], row[3]));
        Assert.Equal(summary.GetProperty("rows").GetInt64(), ledger.Sum(row => long.Parse(row[3], System.Globalization.CultureInfo.InvariantCulture)));

        foreach (var line in File.ReadLines(Path.Combine(run, "metrics.jsonl")))
            JsonDocument.Parse(line).Dispose();
    }

    [Fact]
    public async Task Json_is_all_that_stdout_holds_when_it_is_asked_for()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, output, _) = await Distmtl.RunAsync("train", SmallJob.Write(folder, epochs: 1), "--workers", "1", "--json", "--out", folder["run"]);
        Assert.Equal(0, exitCode);
        var kinds = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("kind").GetString();
        }).ToList();
        Assert.Contains("started", kinds);
        Assert.Equal("ended", kinds[^1]);
    }

    [Fact]
    public async Task Early_stopping_keeps_the_best_checkpoint_and_reports_its_parameters()
    {
        using var folder = new TemporaryFolder();
        // A learning rate at which it soon gets worse.
        var job = SmallJob.Write(folder, epochs: 40);
        var run = folder["run"];
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", job, "--out", run, "--set", "optimizer.learningRate=0.03", "--set", "training.earlyStopping={metric: {click.logLoss: 1}, patience: 2}");
        Assert.True(exitCode == 0, output + errors);
        var summary = Repository.Summary(run);
        Assert.Equal("earlyStopped", summary.GetProperty("status").GetString());
        var best = summary.GetProperty("bestStep").GetInt32();
        Assert.True(best < summary.GetProperty("steps").GetInt32());
        Assert.True(Directory.Exists(Path.Combine(run, "checkpoints", $"step-{best}")));
    }

    [Fact]
    public async Task A_loss_that_is_not_finite_ends_the_run_and_names_task_shard_and_step()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, _, errors) = await Distmtl.RunAsync(
            "train", SmallJob.Write(folder, epochs: 20), "--workers", "1", "--out", folder["run"], "--set", "optimizer={kind: sgd, learningRate: 1e30}");
        Assert.Equal(3, exitCode);
        Assert.Matches("(loss of task|gradient).* at step \\d+ on shard \\d", errors);
    }

    [Fact]
    public async Task Evaluate_gives_the_runs_own_metrics_on_the_runs_own_test_rows()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await Distmtl.RunAsync("data", "generate", "ecommerce", "--rows", "2000", "--seed", "99", "--out", folder.Path)).ExitCode);
        var test = Directory.EnumerateFiles(folder.Path, "*.csv*").Single();
        var moved = folder["held-out" + Path.GetExtension(test)];
        File.Move(test, moved);
        var job = SmallJob.Write(folder, epochs: 1);
        var run = folder["run"];
        var trained = await Distmtl.RunAsync("train", job, "--out", run, "--set", $"data.test={moved}");
        Assert.True(trained.ExitCode == 0, trained.Output + trained.Errors);
        var evaluated = await Distmtl.RunAsync("evaluate", run, "--data", moved, "--json");
        Assert.True(evaluated.ExitCode == 0, evaluated.Output + evaluated.Errors);
        using var document = JsonDocument.Parse(evaluated.Output);
        Assert.Equal(
            Repository.Summary(run).GetProperty("test").GetProperty("click").GetProperty("auc").GetDouble(),
            document.RootElement.GetProperty("tasks").GetProperty("click").GetProperty("auc").GetDouble());
    }

    [Theory]
    [InlineData(2, "train", "no-such-job.yaml")]
    [InlineData(2, "train")]
    [InlineData(2, "frobnicate")]
    [InlineData(2, "evaluate", "no-such-run", "--data", "x.csv")]
    [InlineData(2, "train", "--resume", "no-such-run")]
    [InlineData(2, "train", "deploy/jobs/ecommerce.yaml", "--set", "training.folds=5")]
    public async Task What_is_not_possible_is_one_line_and_exit_code_two(int expected, params string[] arguments)
    {
        var (exitCode, output, errors) = await Distmtl.RunAsync(arguments);
        Assert.Equal(expected, exitCode);
        Assert.Empty(output.Trim());
        Assert.StartsWith("error: ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }
}
