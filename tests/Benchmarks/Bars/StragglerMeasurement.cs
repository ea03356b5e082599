using DistMtl.Benchmarks.Contestants;

namespace DistMtl.Benchmarks.Bars;

/// <summary>What a worker that becomes four times slower in the midst of a run costs its steps where its shards are computed twice.</summary>
internal sealed class StragglerMeasurement(BenchmarkJob job) : RatioMeasurement
{
    private const int Workers = 4;
    private const string Calm = "train, 4 workers";
    private const string Backed = "one of them 4 times slower, training.backupShards 2";

    /// <summary>From its 31st step on: the rates of all are known by then, and it is flagged long before the steps that count.</summary>
    private const string Fault = "worker-1@31/computing:slow*4";

    protected override IReadOnlyList<Ratio> Ratios { get; } = [Ratio.OfTimes(Backed, Calm, 1.3)];

    protected override Task<IReadOnlyList<IContestant>> ContestantsAsync(Conditions conditions) => Task.FromResult<IReadOnlyList<IContestant>>(
    [
        new TrainContestant(Calm, job, Workers) { ShardsOfWorker = 2 },
        new TrainContestant(Backed, job, Workers, "training.backupShards=2") { ShardsOfWorker = 2, Faults = Fault },
    ]);
}
