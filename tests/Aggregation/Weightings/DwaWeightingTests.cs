using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using static DistMtl.Aggregation.Tests.Weightings.WeightingTesting;

namespace DistMtl.Aggregation.Tests.Weightings;

public sealed class DwaWeightingTests
{
    private static readonly IWeighting Dwa = Create("dwa", 2);

    private static WeightingState Run(IWeighting weighting, WeightingState state, int epoch, params double?[][] steps) =>
        steps.Aggregate(state, (current, losses) =>
            weighting.Observe(weighting.Weigh(current, new WeightingInput(1, epoch, [1, 1])).State, new StepLosses(1, epoch, losses)));

    private static double[] Weights(WeightingState state, int epoch) => Dwa.Weigh(state, new WeightingInput(1, epoch, [1, 1])).Weights_T;

    [Fact]
    public void The_first_two_epochs_are_equal_and_the_third_follows_the_ratio_of_their_means()
    {
        var state = Dwa.Start();
        Assert.Equal([1, 1], Weights(state, 1));
        state = Run(Dwa, state, 1, [1.0, 4.0], [3.0, 4.0]);
        Assert.Equal([1, 1], Weights(state, 2));
        state = Run(Dwa, state, 2, [1.0, 3.0], [1.0, 5.0], [1.0, 4.0]);
        // Means: 2 and 4, then 1 and 4: ratios 0.5 and 1.
        var (a, b) = (Math.Exp(0.5 / 2), Math.Exp(1 / 2.0));
        AssertClose([2 * a / (a + b), 2 * b / (a + b)], Weights(state, 3), 1e-15);
    }

    [Fact]
    public void A_task_that_an_epoch_lacks_keeps_the_means_it_had()
    {
        var state = Run(Dwa, Dwa.Start(), 1, [2.0, null]);
        state = Run(Dwa, state, 2, [2.0, null]);
        Assert.Equal([1, 1], Weights(state, 3));
        state = Run(Dwa, state, 3, [null, 5.0]);
        state = Run(Dwa, state, 4, [1.0, null]);
        // Task 0 halved from the last epoch that had it; task 1 has one mean only and counts as standing still.
        var (a, b) = (Math.Exp(0.25), Math.Exp(0.5));
        AssertClose([2 * a / (a + b), 2 * b / (a + b)], Weights(state, 5), 1e-15);
    }

    [Fact]
    public void Losses_of_zero_and_huge_ratios_give_numbers()
    {
        var state = Run(Dwa, Run(Dwa, Dwa.Start(), 1, [0.0, 1e-300]), 2, [1.0, 1e300]);
        var weights = Weights(state, 3);
        Assert.All(weights, weight => Assert.True(double.IsFinite(weight)));
        Assert.Equal(2, weights.Sum(), 1e-15);
    }

    [Fact]
    public void A_temperature_that_is_not_positive_is_refused() =>
        Assert.Throws<JobException>(() => WeightingTable.Create(Context("dwa", 2, new Dictionary<string, double> { ["temperature"] = 0 })));
}
