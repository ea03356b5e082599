using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Runs;

namespace DistMtl.Benchmarks.Bars;

/// <summary>What topk costs on real rows: validation AUC of the census job without compression less that with it, of the task that loses most.</summary>
internal sealed class AccuracyMeasurement : IMeasurement
{
    private const string Auc = "auc";

    private static readonly Bar s_loss = new("AUC lost on census by topk 1 % with a warm-up epoch, the worst task", BarSide.AtMost, 0.002);

    public IReadOnlyList<Bar> Bars { get; } = [s_loss];

    public bool IsLong => true;

    public async Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        var job = CensusJob.Find();
        if (job.Missing is { } missing)
        {
            conditions.Log($"the AUC lost on census is not measured: {missing}");
            return new Dictionary<Bar, double?>();
        }
        var none = await TrainAsync(job, ["training.compression=none"], conditions);
        var topk = await TrainAsync(job, ["training.compression.kind=topk", "training.compression.ratio=0.01", "training.compression.warmupEpochs=1"], conditions);
        return new Dictionary<Bar, double?> { [s_loss] = none.Max(task => task.Value - topk[task.Key]) };
    }

    /// <returns>By task.</returns>
    private static async Task<IReadOnlyDictionary<string, double>> TrainAsync(CensusJob job, string[] overrides, Conditions conditions)
    {
        var folder = Directory.CreateTempSubdirectory("distmtl-census-");
        try
        {
            var run = Path.Combine(folder.FullName, "run");
            string[] arguments =
            [
                "train", job.Path, "--json", "--out", run, "--workers", "2", "--set", $"data.train={job.Data}",
                .. overrides.SelectMany(pair => new[] { "--set", pair }),
            ];
            await ChildProcess.RunAsync(BuildFacts.CoordinatorPath, arguments, conditions.Cancellation);
            var summary = SummaryJson.Read(RunDirectory.Open(run).SummaryPath);
            var aucs = summary.Validation.ToDictionary(task => task.Task, AucOf);
            conditions.Log($"census, {overrides[0]}: {string.Join(", ", aucs.Select(pair => FormattableString.Invariant($"{pair.Key} {pair.Value:F4}")))} after {summary.Steps} steps");
            return aucs;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double AucOf(TaskMetrics task) => task.Values.GetValueOrDefault(Auc)
        ?? throw new JobException($"the census run has no AUC of task {task.Task}", ExitCode.Failure);
}
