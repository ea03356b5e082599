using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Real processes are killed; the run goes on without them, to the bits and the ledger of a run in which nobody died.</summary>
public sealed class WorkerLossTests(ReferenceRuns references)
{
    private const int Epochs = 12;

    private const string Limit = "/usr/bin/prlimit";

    private const string OnWorkers = "training.parameterServers={count: 2, placement: workers}";

    /// <param name="killed">How many of three, one after another.</param>
    /// <param name="set">Where the run's state is.</param>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1, OnWorkers)]
    public async Task The_shards_of_a_killed_worker_move_and_the_run_ends_in_the_bits_of_one_in_which_nobody_died(int killed, params string[] set)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", Epochs);
        await using var distmtl = Distmtl.Start([
            "train", job, "--workers", "3", "--json", "--out", folder["run"], "--set", "training.checkpointEvery=5", .. set.SelectMany(pair => new[] { "--set", pair })]);
        for (var i = 1; i <= killed; i++)
        {
            await distmtl.WaitForAsync($"\"step\":{12 * i},");
            using var worker = Process.GetProcessById(distmtl.Children()[0]);
            worker.Kill();
        }
        Assert.True(await distmtl.WaitAsync() == 0, distmtl.Output + distmtl.Errors);

        Assert.Empty(distmtl.Errors.Trim());
        Assert.Equal(Repository.Hash(await references.RunAsync("pcgrad", Epochs)), Repository.Hash(folder["run"]));
        Assert.Equal(killed, distmtl.Output.Split("going on behind step").Length - 1);
        // Rewound or not, each step is there once, in order.
        var steps = Steps(Path.Combine(folder["run"], "metrics.jsonl"));
        Assert.Equal(Enumerable.Range(1, steps.Count), steps);
        Assert.Equal(File.ReadAllText(Path.Combine(await references.RunAsync("pcgrad", Epochs), "ledger.csv")), File.ReadAllText(Path.Combine(folder["run"], "ledger.csv")));
    }

    [Fact]
    public async Task A_worker_that_is_out_of_memory_is_done_without()
    {
        Assert.SkipUnless(File.Exists(Limit), "limits the memory of a process that runs: needs util-linux");
        using var folder = new TemporaryFolder();
        await using var distmtl = Distmtl.Start("train", SmallJob.Write(folder, "pcgrad", Epochs), "--workers", "3", "--json", "--out", folder["run"]);
        await distmtl.WaitForAsync("\"step\":5,");
        // What it has it keeps, more it does not get; whether .NET or libtorch is the first to notice, and what it then says, is chance.
        using (var limit = Process.Start(Limit, ["--pid", $"{distmtl.Children()[0]}", "--as=1000000"]))
            await limit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(await distmtl.WaitAsync() == 0, distmtl.Output + distmtl.Errors);
        Assert.Contains("going on behind step", distmtl.Output, StringComparison.Ordinal);
        var calm = await references.RunAsync("pcgrad", Epochs);
        Assert.Equal(Repository.Hash(calm), Repository.Hash(folder["run"]));
        Assert.Equal(File.ReadAllText(Path.Combine(calm, "ledger.csv")), File.ReadAllText(Path.Combine(folder["run"], "ledger.csv")));
    }

    [Fact]
    public async Task A_worker_that_dies_while_the_cluster_forms_is_done_without()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder);
        await using var distmtl = Distmtl.Start("train", job, "--workers", "3", "--json", "--out", folder["run"]);
        while (distmtl.Children().Count < 3)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        using (var worker = Process.GetProcessById(distmtl.Children()[1]))
            worker.Kill();
        Assert.True(await distmtl.WaitAsync() == 0, distmtl.Output + distmtl.Errors);
        Assert.Contains("ended with exit code 137; ", distmtl.Output, StringComparison.Ordinal);
        Assert.Equal(Repository.Hash(await references.RunAsync("equal", epochs: 2)), Repository.Hash(folder["run"]));
    }

    [Fact]
    public async Task A_worker_that_stops_in_the_midst_of_a_step_is_done_without_and_what_it_sends_later_is_refused_and_it_comes_back()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, epochs: 100_000);
        await using var distmtl = Distmtl.StartWith(
            new() { ["DISTMTL_FAULTS"] = "worker-0@6/computing:stop" }, "train", job, "--workers", "2", "--json", "--out", folder["run"]);
        await distmtl.WaitForAsync("; going on behind step ");
        var stopped = distmtl.Children().Single(Distmtl.IsStopped);
        await distmtl.WaitForAsync("5 data shards on 1 worker (");
        Distmtl.Continue(stopped);
        await distmtl.WaitForAsync("workers have come");

        await EndsInTheBitsOfOneWorker(distmtl, job, folder, formed: "5 data shards on 2 workers", times: 2);
        Assert.Empty(distmtl.Errors.Trim());
        Assert.InRange(Repository.Summary(folder["run"]).GetProperty("lateMessagesRefused").GetInt32(), 1, 100);
    }

    [Theory]
    [InlineData("pcgrad", "")]
    [InlineData("equal", "embeddings: {storage: sparse}")]
    public async Task What_was_computed_of_a_step_before_a_worker_was_lost_is_not_computed_again(string strategy, string more)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, strategy, more: more);
        // Its own part takes so long that all others have done theirs.
        var faults = new Dictionary<string, string> { ["DISTMTL_FAULTS"] = "worker-1@7/computing:slow*100;worker-1@7/computing:kill" };
        await using var disturbed = Distmtl.StartWith(faults, "train", job, "--workers", "4", "--json", "--out", folder["disturbed"]);
        Assert.True(await disturbed.WaitAsync() == 0, disturbed.Output + disturbed.Errors);
        var lost = Regex.Match(disturbed.Output, "worker ([0-9.:]+) [^;]*; going on behind step 6").Groups[1].Value;
        Assert.NotEmpty(lost);
        var shards = Regex.Match(disturbed.Output, Regex.Escape(lost) + ": ([0-9 ]+)").Groups[1].Value.Split(' ').Length;
        Assert.Contains($"step 7: {5 - shards} of 5 data shards had been computed before, and were not computed again", disturbed.Output, StringComparison.Ordinal);

        var calm = await Distmtl.RunAsync("train", job, "--workers", "4", "--json", "--out", folder["calm"]);
        Assert.True(calm.ExitCode == 0, calm.Output);
        Assert.DoesNotContain("computed before", calm.Output, StringComparison.Ordinal);
        Assert.Equal(Repository.Hash(folder["calm"]), Repository.Hash(folder["disturbed"]));
        Assert.Equal(File.ReadAllText(Path.Combine(folder["calm"], "ledger.csv")), File.ReadAllText(Path.Combine(folder["disturbed"], "ledger.csv")));
    }

    [Fact]
    public async Task Workers_that_join_and_leave_a_running_job_share_it_and_leave_no_trace_in_its_bits()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder, "pcgrad", epochs: 100_000);
        var (port, tensorPort) = ($"{Repository.FreePort()}", $"{Repository.FreePort()}");
        await using var distmtl = Distmtl.Start(
            "train", job, "--remote-workers", "1", "--port", port, "--tensor-port", tensorPort, "--json", "--out", folder["run"]);
        await using var first = Worker();
        await distmtl.WaitForAsync("\"step\":5,");
        await using var second = Worker();
        await using var third = Worker();
        await using var fourth = Worker();
        await distmtl.WaitForAsync("5 data shards on 4 workers");
        second.Signal(PosixSignal.SIGTERM);
        third.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await second.WaitAsync());
        Assert.Equal(0, await third.WaitAsync());
        Assert.DoesNotContain("lost", distmtl.Output, StringComparison.Ordinal);

        await EndsInTheBitsOfOneWorker(distmtl, job, folder, formed: "5 data shards on 2 workers", times: 1);

        Distmtl Worker() => Distmtl.StartWorker("--join", $"127.0.0.1:{port}", "--join-timeout", "20");
    }

    /// <summary>Waits until the run has formed up and stepped on, ends it, and takes as many steps with one worker.</summary>
    private static async Task EndsInTheBitsOfOneWorker(Distmtl distmtl, string job, TemporaryFolder folder, string formed, int times)
    {
        while (distmtl.Output.Split(formed).Length <= times)
            await distmtl.WaitForAsync(formed);
        var step = Steps(Path.Combine(folder["run"], "metrics.jsonl"))[^1];
        await distmtl.WaitForAsync($"\"step\":{step + 10},");
        distmtl.Signal(PosixSignal.SIGINT);
        Assert.True(await distmtl.WaitAsync() == 130, distmtl.Output + distmtl.Errors);
        var steps = Repository.Summary(folder["run"]).GetProperty("steps").GetInt32();
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", job, "--workers", "1", "--out", folder["calm"], "--set", $"training.maxSteps={steps}");
        Assert.True(exitCode == 0, output + errors);
        Assert.Equal(Repository.Hash(folder["calm"]), Repository.Hash(folder["run"]));
        // How often each row was counted in each epoch; the last one is not over.
        var (calm, run) = (Ledger(folder["calm"]), Ledger(folder["run"]));
        Assert.Equal(calm, run);
        Assert.All(run.SkipLast(5), row => Assert.Equal(row.Split(',')[2], row.Split(',')[3]));
    }

    private static string[] Ledger(string run) => [.. File.ReadLines(Path.Combine(run, "ledger.csv")).Skip(1)];

    private static List<int> Steps(string path) =>
    [
        .. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(e => e.GetProperty("kind").GetString() == "step").Select(e => e.GetProperty("step").GetInt32()),
    ];
}
