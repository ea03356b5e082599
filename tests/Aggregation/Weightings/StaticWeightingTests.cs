using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using static DistMtl.Aggregation.Tests.Weightings.WeightingTesting;

namespace DistMtl.Aggregation.Tests.Weightings;

public sealed class StaticWeightingTests
{
    private static IWeighting Create(params (string Task, double Weight)[] weights) =>
        WeightingTable.Create(Context("static", 2, weights: weights.ToDictionary(pair => pair.Task, pair => pair.Weight)));

    [Fact]
    public void Weights_are_found_by_name_whatever_their_order()
    {
        var weighting = Create(("task1", 3), ("task0", 0.5));
        Assert.Equal([0.5, 3], weighting.Weigh(weighting.Start(), new WeightingInput(1, 1, [1, 1])).Weights_T);
    }

    [Fact]
    public void A_missing_strange_or_impossible_weight_is_named()
    {
        Assert.Contains("task1", Assert.Throws<JobException>(() => Create(("task0", 1))).Message, StringComparison.Ordinal);
        Assert.Contains("click", Assert.Throws<JobException>(() => Create(("task0", 1), ("task1", 1), ("click", 1))).Message, StringComparison.Ordinal);
        Assert.Contains("-1", Assert.Throws<JobException>(() => Create(("task0", 1), ("task1", -1))).Message, StringComparison.Ordinal);
        Assert.Throws<JobException>(() => Create(("task0", 0), ("task1", 0)));
        Assert.Throws<JobException>(() => Create(("task0", double.NaN), ("task1", 0)));
    }
}
