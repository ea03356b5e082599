using System.Globalization;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;

namespace DistMtl.Benchmarks.Contestants;

/// <summary>
/// <c>distmtl train</c> as a user starts it. The rate is that of the steps behind the warm-up by the run's own clock:
/// start, reading and the last checkpoint do not count.
/// </summary>
/// <param name="overrides">Keys of the job that are set otherwise, <c>key=value</c>.</param>
internal sealed class TrainContestant(string name, BenchmarkJob job, int workers, params string[] overrides) : IContestant
{
    public string Name => name;

    /// <summary>T of the job.</summary>
    public int Tasks { get; init; } = ModelSize.Tasks;

    /// <summary>Data shards are so many times the workers.</summary>
    public int ShardsOfWorker { get; init; } = 1;

    /// <summary>That its processes bring upon themselves; null: none.</summary>
    public string? Faults { get; init; }

    public async Task<double?> RunAsync(int warmUpSteps, int steps, CancellationToken cancellation)
    {
        var run = job.NewRunFolder();
        var lines = await ChildProcess.RunAsync(
            BuildFacts.CoordinatorPath, Arguments(run, warmUpSteps + steps), cancellation, Faults is null ? [] : new() { [FaultPlan.Variable] = Faults });
        Directory.Delete(run, recursive: true);
        return Rate(lines, warmUpSteps, warmUpSteps + steps);
    }

    private IEnumerable<string> Arguments(string run, int maxSteps) =>
    [
        "train", job.PathOf(Tasks), "--json", "--out", run, "--workers", Text(workers),
        // Where there are as many shards as workers, a micro-batch is what a bare loop's step is.
        "--set", $"data.shards={Text(workers * ShardsOfWorker)}",
        "--set", $"training.batchSize={Text(workers * ModelSize.Batch)}",
        "--set", $"training.maxSteps={Text(maxSteps)}",
        .. overrides.SelectMany(pair => new[] { "--set", pair }),
    ];

    private double Rate(IReadOnlyList<string> lines, int first, int last)
    {
        var made = lines.Select(RunLine.Parse).OfType<RunLine>().Where(line => line.Kind == "step").ToList();
        var began = made.Find(line => line.Step == first)?.Seconds;
        var ended = made.Find(line => line.Step == last)?.Seconds;
        return ended - began is > 0 and var seconds
            ? made.Where(line => line.Step > first).Sum(line => line.Rows) / seconds
            : throw new JobException($"{name}: the run's output has no steps {first} to {last}", ExitCode.Failure);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
