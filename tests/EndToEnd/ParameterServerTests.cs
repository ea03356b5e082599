using System.Runtime.InteropServices;
using System.Text.Json;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Parameters, and the rows of sparse tables, on servers in the coordinator and on workers.</summary>
public sealed class ParameterServerTests
{
    /// <summary>One table is sparse from its number of rows on; the others stay among the flat parameters.</summary>
    private const string SparseUsers = "features.user_id.buckets=20000";

    [Theory]
    [InlineData("pcgrad", "1 coordinator on 1", "2 workers on 1", "3 coordinator on 2", "3 workers on 2")]
    [InlineData("equal", "1 coordinator on 1", "3 workers on 2")]
    public async Task Any_servers_anywhere_and_any_workers_end_in_the_same_bits(string strategy, params string[] runs)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, strategy, epochs: 1);
        var (hashes, metrics) = (new List<string>(), new List<string>());
        foreach (var run in runs)
        {
            var words = run.Split(' ');
            var (exitCode, output, errors) = await Distmtl.RunAsync(
                "train", job, "--workers", words[^1], "--out", folder[run], "--set", SparseUsers, "--set", Servers(words[0], words[1]), "--set", "optimizer.clipNorm=1");
            Assert.True(exitCode == 0, $"{run}: {output}{errors}");
            Assert.Empty(errors.Trim());
            hashes.Add(Repository.Hash(folder[run]));
            // These are of the rows, too, which are no part of the hash.
            metrics.Add(Repository.Summary(folder[run]).GetProperty("validation").GetRawText());
        }
        Assert.Single(hashes.Distinct());
        Assert.Single(metrics.Distinct());
    }

    /// <summary>Tasks are compared by the flat parameters' gradients; rows follow, combined by the workers.</summary>
    [Theory]
    [InlineData("pcgrad", "optimizer.clipNorm=0.5", "1 coordinator on 1", "3 workers on 1", "3 coordinator on 2", "1 workers on 3", "3 workers on 3")]
    [InlineData("upgrad", "training.compression={kind: bf16}", "1 coordinator on 1", "3 workers on 2")]
    public async Task Rows_that_wait_for_the_weights_leave_no_trace_of_servers_and_workers(string strategy, string set, params string[] runs)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, strategy, epochs: 1, rows: 2000);
        string[] sets = ["--set", SparseUsers, "--set", "weighting.scope=trunk", "--set", set, "--set", "training.accumulate=2", "--set", "training.maxSteps=4"];
        var hashes = new List<string>();
        foreach (var run in runs)
        {
            var words = run.Split(' ');
            var (exitCode, output, errors) = await Distmtl.RunAsync(
                ["train", job, "--workers", words[^1], "--out", folder[run], "--set", Servers(words[0], words[1]), .. sets]);
            Assert.True(exitCode == 0, $"{run}: {output}{errors}");
            Assert.Empty(errors.Trim());
            hashes.Add(Repository.Hash(folder[run]));
        }
        Assert.Single(hashes.Distinct());

        // By all that tasks share the weights are others.
        var all = await Distmtl.RunAsync(["train", job, "--workers", "1", "--out", folder["all"], .. sets, "--set", "weighting.scope=all"]);
        Assert.True(all.ExitCode == 0, all.Output + all.Errors);
        Assert.NotEqual(hashes[0], Repository.Hash(folder["all"]));
    }

    [Fact]
    public async Task A_run_whose_servers_are_on_workers_resumes_to_the_bits_of_the_run_that_was_not_stopped()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 4, rows: 2000);
        string[] sets = ["--set", SparseUsers, "--set", "weighting.scope=trunk"];
        var (whole, output, errors) = await Distmtl.RunAsync(["train", job, "--workers", "1", "--out", folder["whole"], .. sets]);
        Assert.True(whole == 0, output + errors);

        await using (var stopped = Distmtl.Start(["train", job, "--workers", "2", "--json", "--out", folder["stopped"], "--set", Servers("3", "workers"), .. sets]))
        {
            await stopped.WaitForAsync("\"kind\":\"step\"");
            stopped.Signal(PosixSignal.SIGINT);
            Assert.Equal(130, await stopped.WaitAsync());
        }
        var summary = Repository.Summary(folder["stopped"]);
        Assert.Equal("interrupted", summary.GetProperty("status").GetString());
        Assert.InRange(summary.GetProperty("steps").GetInt32(), 1, Repository.Summary(folder["whole"]).GetProperty("steps").GetInt32() - 1);

        var resumed = await Distmtl.RunAsync("train", "--resume", folder["stopped"], "--workers", "1");
        Assert.True(resumed.ExitCode == 0, resumed.Output + resumed.Errors);
        Assert.Equal(Repository.Hash(folder["whole"]), Repository.Hash(folder["stopped"]));
    }

    /// <summary>Numbers of a row that fill no vector register: what is beyond them is the next row's.</summary>
    [Fact]
    public async Task Rows_of_any_length_are_evaluated_as_the_run_itself_did()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await Distmtl.RunAsync("data", "generate", "ecommerce", "--rows", "1000", "--seed", "99", "--out", folder.Path)).ExitCode);
        var generated = Directory.EnumerateFiles(folder.Path, "*.csv*").Single();
        var rows = folder["held-out" + Path.GetExtension(generated)];
        File.Move(generated, rows);
        var job = SmallJob.Write(folder, "pcgrad", epochs: 1);
        string[] runs = ["1 coordinator on 1", "3 workers on 2"];
        foreach (var run in runs)
        {
            var words = run.Split(' ');
            var trained = await Distmtl.RunAsync(
                "train", job, "--workers", words[^1], "--out", folder[run], "--set", SparseUsers, "--set", Servers(words[0], words[1]),
                "--set", "features.user_id.dim=5", "--set", $"data.validation={{path: {rows}}}");
            Assert.True(trained.ExitCode == 0, trained.Output + trained.Errors);
        }
        Assert.Equal(Repository.Hash(folder[runs[0]]), Repository.Hash(folder[runs[1]]));
        var own = Repository.Summary(folder[runs[1]]).GetProperty("validation");
        Assert.Equal(Repository.Summary(folder[runs[0]]).GetProperty("validation").GetRawText(), own.GetRawText());

        var evaluated = await Distmtl.RunAsync("evaluate", folder[runs[1]], "--data", rows, "--json");
        Assert.True(evaluated.ExitCode == 0, evaluated.Output + evaluated.Errors);
        using var document = JsonDocument.Parse(evaluated.Output);
        foreach (var (task, metric) in new[] { ("click", "auc"), ("cart", "logLoss"), ("rating", "rmse") })
            Assert.Equal(own.GetProperty(task).GetProperty(metric).GetDouble(), document.RootElement.GetProperty("tasks").GetProperty(task).GetProperty(metric).GetDouble());
    }

    private static string Servers(string count, string placement) => $"training.parameterServers={{count: {count}, placement: {placement}}}";
}
