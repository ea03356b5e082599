using DistMtl.Coordinator.Cluster;

namespace DistMtl.Benchmarks.Bars;

/// <summary>
/// Bytes that two workers send the coordinator in a step of the census job, by the counters of its connections: gradients,
/// the headers and checksums of their frames, credits and sums. What goes down, the parameters, is not counted.
/// </summary>
internal sealed class WireMeasurement : IMeasurement
{
    private const int Workers = 2;
    private const int WarmUpSteps = 10;
    private const int Steps = 40;
    private const double Limit = 1.0 / 40;

    private static readonly (Bar Bar, int Shards)[] s_bars =
    [
        (new("bytes workers send, topk 1 % / no compression, one data shard a worker", BarSide.AtMost, Limit), Workers),
        (new("bytes workers send, topk 1 % / no compression, four data shards a worker", BarSide.AtMost, Limit), 4 * Workers),
    ];

    public IReadOnlyList<Bar> Bars { get; } = [.. s_bars.Select(pair => pair.Bar)];

    public bool IsLong => false;

    public async Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        var job = CensusJob.Find();
        var values = new Dictionary<Bar, double?>();
        foreach (var (bar, shards) in s_bars.Where(pair => wanted.Contains(pair.Bar)))
        {
            if (job.Missing is { } missing)
            {
                conditions.Log($"bytes on the wire are not measured: {missing}");
                return values;
            }
            var none = await MeasureAsync(job, shards, ["training.compression=none"], conditions);
            var topk = await MeasureAsync(job, shards, ["training.compression.kind=topk", "training.compression.ratio=0.01"], conditions);
            conditions.Log(FormattableString.Invariant($"{shards} shards on {Workers} workers: {none:N0} bytes a step without compression, {topk:N0} with topk 1 %"));
            values[bar] = topk / none;
        }
        return values;
    }

    /// <returns>Bytes a step.</returns>
    private static async Task<double> MeasureAsync(CensusJob job, int shards, string[] compression, Conditions conditions)
    {
        // This program lies elsewhere than the coordinator, which would look for the workers beside itself.
        if (Environment.GetEnvironmentVariable(LocalWorkers.WorkerVariable) is null)
            Environment.SetEnvironmentVariable(LocalWorkers.WorkerVariable, BuildFacts.WorkerPath);
        await using var cluster = await TrainingCluster.StartLocalAsync(Workers, tls: null, conditions.Cancellation);
        string[] overrides = [$"data.train={job.Data}", $"data.shards={shards}", .. compression];
        await using var run = await SteppedRun.StartAsync(job.Path, overrides, cluster, _ => { }, conditions.Cancellation);
        await run.StepAsync(WarmUpSteps, conditions.Cancellation);
        var before = run.ReceivedBytes;
        await run.StepAsync(Steps, conditions.Cancellation);
        return (double)(run.ReceivedBytes - before) / Steps;
    }
}
