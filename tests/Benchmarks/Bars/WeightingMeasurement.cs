using DistMtl.Benchmarks.Contestants;

namespace DistMtl.Benchmarks.Bars;

/// <summary>What strategies that need a gradient of every task cost a step of one worker.</summary>
internal sealed class WeightingMeasurement(BenchmarkJob job) : RatioMeasurement
{
    private static readonly string[] s_strategies = ["pcgrad", "upgrad"];

    private static readonly (int Tasks, double Limit)[] s_sizes = [(2, 1.5), (4, 2.2)];

    protected override IReadOnlyList<Ratio> Ratios { get; } =
        [.. s_sizes.SelectMany(size => s_strategies.Select(strategy => Ratio.OfTimes(Name(size.Tasks, strategy), Name(size.Tasks, "equal"), size.Limit)))];

    protected override Task<IReadOnlyList<IContestant>> ContestantsAsync(Conditions conditions) => Task.FromResult<IReadOnlyList<IContestant>>(
    [
        .. s_sizes.SelectMany(size => s_strategies.Prepend("equal").Select(strategy =>
            new TrainContestant(Name(size.Tasks, strategy), job, workers: 1, $"weighting.strategy={strategy}") { Tasks = size.Tasks })),
    ]);

    private static string Name(int tasks, string strategy) => $"{strategy} with {tasks} tasks";
}
