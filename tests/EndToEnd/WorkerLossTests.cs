using System.Diagnostics;
using System.Text.Json;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Real processes are killed; the run goes on without them, to the bits and the ledger of a run in which nobody died.</summary>
public sealed class WorkerLossTests(ReferenceRuns references) : IClassFixture<ReferenceRuns>
{
    private const int Epochs = 12;

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

    private static List<int> Steps(string path) =>
    [
        .. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(e => e.GetProperty("kind").GetString() == "step").Select(e => e.GetProperty("step").GetInt32()),
    ];
}
