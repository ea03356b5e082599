using System.Text.Json;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Weightings.WeightingTesting;

namespace DistMtl.Aggregation.Tests.Weightings;

public sealed class WeightingTableTests
{
    private static readonly OptimizerSettings Adam = new(OptimizerKind.Adam, 0.01, 0, 0.9, 0.999, 1e-8, 0);

    public static TheoryData<string> Strategies => [.. WeightingTable.Descriptions.Select(description => description.Name)];

    private static WeightingContext ContextOf(string strategy) => Context(strategy, 3, optimizer: Adam, weights: strategy == "static"
        ? new Dictionary<string, double> { ["task0"] = 1, ["task1"] = 2, ["task2"] = 3 }
        : null);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_run_that_stops_and_resumes_anywhere_has_the_same_bits(string strategy)
    {
        var weighting = WeightingTable.Create(ContextOf(strategy));
        var whole = Run(weighting, weighting.Start(), 1, 40, out var last);
        for (var stop = 1; stop < 40; stop += 6)
        {
            var state = Run(weighting, weighting.Start(), 1, stop, out _);
            var json = JsonSerializer.Serialize(state.Values);
            var restored = WeightingState.From(JsonSerializer.Deserialize<Dictionary<string, double[]>>(json)!);
            var resumed = Run(WeightingTable.Create(ContextOf(strategy)), restored, stop + 1, 40, out var resumedLast);
            Assert.Equal(JsonSerializer.Serialize(whole.Values), JsonSerializer.Serialize(resumed.Values));
            Assert.Equal(last, resumedLast);
        }
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Weights_are_finite_and_not_negative_through_every_epoch(string strategy)
    {
        var weighting = WeightingTable.Create(ContextOf(strategy));
        Run(weighting, weighting.Start(), 1, 40, out var weights);
        Assert.Equal(3, weights.Length);
        Assert.All(weights, weight => Assert.True(double.IsFinite(weight) && weight >= 0));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void An_earlier_state_is_not_changed_by_going_on(string strategy)
    {
        var weighting = WeightingTable.Create(ContextOf(strategy));
        var state = Run(weighting, weighting.Start(), 1, 5, out _);
        var before = JsonSerializer.Serialize(state.Values);
        Run(weighting, state, 6, 30, out _);
        Assert.Equal(before, JsonSerializer.Serialize(state.Values));
    }

    [Fact]
    public void Names_are_unique_and_a_description_is_enough_to_create()
    {
        Assert.Equal(WeightingTable.Descriptions.Count, WeightingTable.Descriptions.Select(d => d.Name).Distinct().Count());
        Assert.All(WeightingTable.Descriptions, description => WeightingTable.Create(ContextOf(description.Name)));
    }

    [Fact]
    public void An_unknown_strategy_or_option_is_named_together_with_what_was_meant()
    {
        var strategy = Assert.Throws<JobException>(() => WeightingTable.Create(Context("mdga", 2)));
        Assert.Contains("'mdga'", strategy.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'mgda'?", strategy.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadInput, strategy.ExitCode);
        var option = Assert.Throws<JobException>(() => WeightingTable.Create(Context("dwa", 2, new Dictionary<string, double> { ["temprature"] = 1 })));
        Assert.Contains("no option 'temprature'; did you mean 'temperature'?", option.Message, StringComparison.Ordinal);
        Assert.Throws<JobException>(() => WeightingTable.Create(Context("mgda", 2, new Dictionary<string, double> { ["c"] = 1 })));
        Assert.Throws<JobException>(() => WeightingTable.Create(Context("dwa", 2, new Dictionary<string, double> { ["temperature"] = double.NaN })));
    }

    [Fact]
    public void Rescaled_weights_sum_to_the_number_of_tasks_and_raw_ones_stay()
    {
        Assert.Equal([0.5, 1.5], WeightingTable.Scale([1, 3], WeightingScale.Tasks, 2));
        Assert.Equal([1, 3], WeightingTable.Scale([1, 3], WeightingScale.Raw, 2));
        Assert.Equal([0, 0], WeightingTable.Scale([0, 0], WeightingScale.Tasks, 2));
        Assert.Throws<JobException>(() => WeightingTable.Scale([1, -1], WeightingScale.Tasks, 2));
    }

    [Fact]
    public void A_state_of_another_strategy_is_refused_by_name()
    {
        var dwa = Create("dwa", 3);
        var error = Assert.Throws<InvalidDataException>(() => dwa.Weigh(WeightingState.Empty.With("logVariances", 1), new WeightingInput(1, 1, [1, 1, 1])));
        Assert.Contains("logVariances", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => WeightingState.Empty.With("s", double.NaN));
    }

    /// <summary>Steps of noisy losses, four an epoch, with a task missing now and then.</summary>
    private static WeightingState Run(IWeighting weighting, WeightingState state, int first, int last, out double[] weights)
    {
        weights = [];
        for (var step = first; step <= last; step++)
        {
            var random = new StableRandom(StableHash.Mix((ulong)step, 99));
            var epoch = (step - 1) / 4 + 1;
            long[] labels = [1, step % 5 == 0 ? 0 : 2, 3];
            var gramian = Gramian.Compute(GradientCases.Random(3, 5, 3, 1, (ulong)step));
            var decision = weighting.Weigh(state, new WeightingInput(step, epoch, labels, weighting.Need == WeightingNeed.Gramian ? gramian : null));
            weights = decision.Weights_T;
            state = weighting.Observe(decision.State, new StepLosses(step, epoch,
                [.. labels.Select(count => count == 0 ? (double?)null : 0.2 + random.NextDouble() / step)]));
        }
        return state;
    }
}
