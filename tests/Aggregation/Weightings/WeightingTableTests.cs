using System.Text.Json;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Weightings.WeightingTesting;

namespace DistMtl.Aggregation.Tests.Weightings;

public sealed class WeightingTableTests
{
    private static readonly OptimizerSettings Adam = new(OptimizerKind.Adam, 0.01, 0, 0.9, 0.999, 1e-8, 0);

    /// <summary>Strategies whose weights can be negative.</summary>
    private static readonly string[] s_maySubtract = ["imtl-g", "imtl", "aligned-mtl", "config"];

    public static TheoryData<string> Strategies => [.. WeightingTable.Descriptions.Select(description => description.Name)];

    private static WeightingContext ContextOf(string strategy) => Context(strategy, 3, optimizer: Adam, weights: strategy == "static"
        ? new Dictionary<string, double> { ["task0"] = 1, ["task1"] = 2, ["task2"] = 3 }
        : null);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_run_that_stops_and_resumes_anywhere_has_the_same_bits(string strategy)
    {
        var whole = new SmallRun(ContextOf(strategy));
        whole.Go(1, 40);
        for (var stop = 1; stop < 40; stop += 6)
        {
            var resumed = new SmallRun(ContextOf(strategy));
            resumed.Go(1, stop);
            resumed = resumed.SaveAndRestore(ContextOf(strategy));
            resumed.Go(stop + 1, 40);
            Assert.Equal(whole.Saved(), resumed.Saved());
            Assert.Equal(whole.Weights_T, resumed.Weights_T);
            Assert.Equal(whole.Update_S, resumed.Update_S);
        }
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_description_says_whether_gradients_are_rewritten(string strategy) => Assert.Equal(
        WeightingTable.Create(ContextOf(strategy)) is IRowWeighting,
        WeightingTable.Descriptions.Single(description => description.Name == strategy).RewritesRows);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Weights_are_finite_through_every_epoch(string strategy)
    {
        var run = new SmallRun(ContextOf(strategy));
        for (var step = 1; step <= 40; step++)
        {
            run.Go(step, step);
            Assert.Equal(3, run.Weights_T.Length);
            Assert.All(run.Weights_T, weight => Assert.True(double.IsFinite(weight)));
            if (!s_maySubtract.Contains(strategy))
                Assert.All(run.Weights_T, weight => Assert.True(weight >= 0));
        }
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void An_earlier_state_is_not_changed_by_going_on(string strategy)
    {
        var run = new SmallRun(ContextOf(strategy));
        run.Go(1, 5);
        var state = run.State;
        var before = JsonSerializer.Serialize(state.Values);
        run.Go(6, 30);
        Assert.Equal(before, JsonSerializer.Serialize(state.Values));
    }

    [Theory]
    [InlineData("uncertainty")]
    [InlineData("dwa")]
    [InlineData("gradnorm")]
    [InlineData("imtl-l")]
    [InlineData("imtl")]
    [InlineData("gradvac")]
    [InlineData("famo")]
    [InlineData("stch")]
    [InlineData("moco")]
    [InlineData("excess-mtl")]
    [InlineData("metabalance")]
    [InlineData("cr-mogm")]
    public void A_strategy_with_a_history_weighs_by_it(string strategy)
    {
        // The same step, reached over different ones, has other weights.
        var (one, other) = (new SmallRun(ContextOf(strategy)), new SmallRun(ContextOf(strategy)));
        one.Go(1, 14);
        other.Go(9, 14);
        Assert.NotEqual(one.Weights_T, other.Weights_T);
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
        Assert.Equal([0.5, 1.5], Scaled([1, 3], WeightingScale.Tasks));
        Assert.Equal([1, 3], Scaled([1, 3], WeightingScale.Raw));
        Assert.Equal([0, 0], Scaled([0, 0], WeightingScale.Tasks));
        // Negative weights: the sum counts, but no less than half of what there is to sum.
        Assert.Equal([3, -1], Scaled([3, -1], WeightingScale.Tasks));
        Assert.Equal([2, -2], Scaled([1, -1], WeightingScale.Tasks));
        Assert.Throws<JobException>(() => Scaled([1, double.PositiveInfinity], WeightingScale.Tasks));
        Assert.Throws<JobException>(() => Scaled([1, double.NaN], WeightingScale.Raw));
        var both = WeightingTable.Scale(new WeightingDecision([1, 3], WeightingState.Empty) { OwnWeights_T = [2, 4] }, WeightingScale.Tasks, [1, 1]);
        Assert.Equal([1, 2], both.OwnWeights_T!);
    }

    [Fact]
    public void Cr_mogm_smooths_every_strategy_whose_weights_say_all()
    {
        var over = WeightingTable.Descriptions.Single(description => description.Name == "cr-mogm").Words["over"];
        var expected = WeightingTable.Descriptions
            .Where(d => d is { TakesWeights: false, Name: not ("cr-mogm" or "equal") } && WeightingTable.Create(ContextOf(d.Name)) is not IRowWeighting)
            .Select(d => d.Name);
        Assert.Equal(expected.Order(StringComparer.Ordinal), over.Order(StringComparer.Ordinal));
        foreach (var strategy in over)
        {
            var run = new SmallRun(Context("cr-mogm", 3, optimizer: Adam, words: new Dictionary<string, string> { ["over"] = strategy }));
            run.Go(1, 20);
            Assert.All(run.Weights_T, weight => Assert.True(double.IsFinite(weight)));
        }
    }

    [Fact]
    public void A_state_of_another_strategy_is_refused_by_name()
    {
        var dwa = Create("dwa", 3);
        var error = Assert.Throws<InvalidDataException>(() => dwa.Weigh(WeightingState.Empty.With("logVariances", 1), new WeightingInput(1, 1, [1, 1, 1])));
        Assert.Contains("logVariances", error.Message, StringComparison.Ordinal);
        Assert.Throws<JobException>(() => WeightingState.Empty.With("s", double.NaN));
    }

    [Fact]
    public void A_task_that_a_step_lacks_does_not_make_the_others_weigh_more()
    {
        // Three of four tasks have a label: what looks at gradients gives the fourth none, what looks at losses does.
        Assert.Equal([0.75, 0.75, 1.5, 0], Scaled([1, 1, 2, 0], WeightingScale.Tasks, [5, 5, 5, 0]));
        Assert.Equal([1, 1, 1, 1], Scaled([2, 2, 2, 2], WeightingScale.Tasks, [5, 5, 5, 0]));
        // A weight of zero for a task that is there is a weight.
        Assert.Equal([2, 2, 0, 0], Scaled([1, 1, 0, 0], WeightingScale.Tasks, [5, 5, 5, 5]));
    }

    private static double[] Scaled(double[] raw_T, WeightingScale scale, params IReadOnlyList<long> labels_T) => WeightingTable.Scale(
        new WeightingDecision(raw_T, WeightingState.Empty), scale, labels_T.Count == 0 ? [.. raw_T.Select(_ => 1L)] : labels_T).Weights_T;
}
