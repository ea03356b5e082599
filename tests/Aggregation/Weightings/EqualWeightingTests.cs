using DistMtl.Aggregation.Weightings;
using static DistMtl.Aggregation.Tests.Weightings.WeightingTesting;

namespace DistMtl.Aggregation.Tests.Weightings;

public sealed class EqualWeightingTests
{
    [Fact]
    public void Every_task_weighs_one_whatever_its_loss()
    {
        var weighting = Create("equal", 3);
        var state = weighting.Observe(weighting.Start(), new StepLosses(1, 1, [9, null, 0.1]));
        Assert.Equal([1, 1, 1], weighting.Weigh(state, new WeightingInput(2, 1, [1, 0, 5])).Weights_T);
    }
}
