using DistMtl.Benchmarks.Contestants;

namespace DistMtl.Benchmarks.Bars;

/// <summary>
/// Whether a step's time depends on how many rows a table has: one of the features with ten million buckets, or ten
/// thousand. Both tables are sparse; ids are drawn over the whole range, so nearly all rows that a step touches of the
/// larger one are new.
/// </summary>
internal sealed class TableSizeMeasurement(BenchmarkJob job) : RatioMeasurement
{
    private const string Large = "table of 10 million rows";
    private const string Small = "table of 10 thousand";

    protected override IReadOnlyList<Ratio> Ratios { get; } = [Ratio.OfTimes(Large, Small, 1.15)];

    protected override Task<IReadOnlyList<IContestant>> ContestantsAsync(Conditions conditions) => Task.FromResult<IReadOnlyList<IContestant>>(
    [
        new TrainContestant(Small, job, workers: 1, $"features.{BenchmarkJob.WideField}.buckets=10000"),
        new TrainContestant(Large, job, workers: 1, $"features.{BenchmarkJob.WideField}.buckets=10000000"),
    ]);
}
