using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Weightings.WeightingTesting;

namespace DistMtl.Aggregation.Tests.Weightings;

public sealed class UncertaintyWeightingTests
{
    private static readonly OptimizerSettings Adam = new(OptimizerKind.Adam, 0.05, 0.1, 0.9, 0.999, 1e-8, 0);

    private static IWeighting Create(OptimizerSettings optimizer, double initial = 0, params TaskKind[] kinds) => WeightingTable.Create(
        Context("uncertainty", kinds.Length, new Dictionary<string, double> { ["initial"] = initial }, optimizer: optimizer, kinds: kinds));

    private static double[] Weights(IWeighting weighting, WeightingState state, int tasks) =>
        weighting.Weigh(state, new WeightingInput(1, 1, AllPresent(tasks))).Weights_T;

    [Fact]
    public void First_weights_are_one_for_classes_and_a_half_for_squared_errors()
    {
        var weighting = Create(Sgd, 0, TaskKind.Binary, TaskKind.Multiclass, TaskKind.Regression);
        Assert.Equal([1, 1, 0.5], Weights(weighting, weighting.Start(), 3));
        var shifted = Create(Sgd, -0.5, TaskKind.Binary);
        Assert.Equal(Math.Exp(0.5), Weights(shifted, shifted.Start(), 1)[0], 1e-15);
    }

    [Fact]
    public void A_step_of_gradient_descent_is_the_derivative_of_the_published_loss()
    {
        var weighting = Create(Sgd, 0, TaskKind.Binary, TaskKind.Regression);
        var state = weighting.Observe(weighting.Start(), new StepLosses(1, 1, [0.7, 3.0]));
        // d/ds (e^-s L + s/2) = 1/2 - L and d/ds (e^-s L / 2 + s/2) = 1/2 - L/2, both at s = 0.
        Assert.Equal(-0.1 * (0.5 - 0.7), state["logVariances"][0], 1e-8);
        Assert.Equal(-0.1 * (0.5 - 1.5), state["logVariances"][1], 1e-8);
    }

    [Theory]
    [InlineData(TaskKind.Binary, 0.4)]
    [InlineData(TaskKind.Regression, 3.0)]
    public void A_steady_loss_ends_at_the_minimum_of_the_published_loss(TaskKind kind, double loss)
    {
        var weighting = Create(Adam, 0, kind);
        var state = weighting.Start();
        for (var step = 1; step <= 2000; step++)
            state = weighting.Observe(state, new StepLosses(step, 1, [loss]));
        // e^-s L = 1/2 for classes, e^-s L = 1 for squared errors: the weighted loss is 1/2 in both.
        Assert.Equal(0.5, Weights(weighting, state, 1)[0] * loss, 1e-4);
    }

    [Fact]
    public void A_task_that_is_missing_from_a_step_keeps_its_state()
    {
        var weighting = Create(Adam, 0, TaskKind.Binary, TaskKind.Binary);
        var both = weighting.Observe(weighting.Start(), new StepLosses(1, 1, [0.7, 0.9]));
        var one = weighting.Observe(both, new StepLosses(2, 1, [0.6, null]));
        Assert.All(both.Values.Keys, name => Assert.Equal(both[name][1], one[name][1]));
        Assert.NotEqual(both["logVariances"][0], one["logVariances"][0]);
        Assert.Equal([2, 1], one["steps"]);
    }

    [Fact]
    public void A_loss_of_zero_cannot_drive_a_weight_to_infinity()
    {
        var weighting = Create(Sgd with { LearningRate = 10 }, 0, TaskKind.Binary);
        var state = weighting.Start();
        for (var step = 1; step <= 100; step++)
            state = weighting.Observe(state, new StepLosses(step, 1, [0]));
        Assert.Equal(Math.Exp(10), Weights(weighting, state, 1)[0], 1e-6);
    }
}
