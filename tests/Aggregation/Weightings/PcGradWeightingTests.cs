using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using static DistMtl.Aggregation.Tests.Weightings.WeightingTesting;

namespace DistMtl.Aggregation.Tests.Weightings;

public sealed class PcGradWeightingTests
{
    [Fact]
    public void The_published_example_of_TorchJD_is_met()
    {
        double[][] rows = [[-4, 1, 1], [6, 1, 1]];
        AssertClose([0.5848, 3.8012, 3.8012], Combine(Weigh("pcgrad", rows), rows), 1e-4 / 3.8);
    }

    [Fact]
    public void It_is_the_algorithm_on_gradients_themselves()
    {
        foreach (var rows in GradientCases.All())
        {
            var expected = OnGradients(rows, seed: 7, step: 3);
            var actual = Combine(Weigh("pcgrad", rows, step: 3), rows);
            // Where a gradient is dependent on another, the sign of a product that should be zero is luck: both are right.
            Assert.True(Norm([.. expected.Zip(actual, (a, b) => a - b)]) <= 1e-9 * rows.Sum(Norm));
        }
    }

    [Fact]
    public void Without_conflict_the_gradients_are_added() =>
        Assert.Equal([1, 1, 1], Weigh("pcgrad", [[1, 0, 0], [0, 2, 0], [0, 1, 3]]));

    [Fact]
    public void Two_tasks_end_without_conflict()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            var rows = GradientCases.Random(2, 5, 2, 1, seed);
            var update = Combine(Weigh("pcgrad", rows), rows);
            Assert.All(rows, row => Assert.True(Dot(update, row) >= -1e-12));
        }
    }

    [Theory]
    [InlineData(1e-10)]
    [InlineData(1e15)]
    public void A_common_scale_changes_no_weight(double scale)
    {
        var rows = GradientCases.Random(6, 12, 6, 1, seed: 40);
        double[][] scaled = [.. rows.Select(row => row.Select(x => x * scale).ToArray())];
        AssertClose(Weigh("pcgrad", rows), Weigh("pcgrad", scaled), 1e-12);
    }

    [Fact]
    public void The_order_is_drawn_from_seed_and_step_alone()
    {
        var rows = GradientCases.Random(6, 4, 4, 1, seed: 41);
        Assert.Equal(Weigh("pcgrad", rows, step: 5), Weigh("pcgrad", rows, step: 5));
        Assert.NotEqual(Weigh("pcgrad", rows, step: 5), Weigh("pcgrad", rows, step: 6));
        Assert.NotEqual(Weigh("pcgrad", rows, step: 5), Weigh("pcgrad", rows, step: 5, seed: 8));
    }

    [Fact]
    public void A_zero_gradient_changes_nothing_for_the_others()
    {
        double[][] pair = [[1, -2], [1, 1]];
        var weights = Weigh("pcgrad", pair);
        Assert.Equal([.. weights, 1], Weigh("pcgrad", [.. pair, [0, 0]]));
    }

    [Fact]
    public void A_task_without_labels_weighs_nothing()
    {
        double[][] rows = [[1, -2], [0, 0], [1, 1]];
        var weighting = Create("pcgrad", 3);
        var weights = weighting.Weigh(weighting.Start(), new WeightingInput(1, 1, [5, 0, 5], Gramian.Compute(rows))).Weights_T;
        Assert.Equal(0, weights[1]);
        AssertClose(Weigh("pcgrad", [rows[0], rows[2]]), [weights[0], weights[2]], 1e-15);
    }

    private static double[] OnGradients(double[][] rows, ulong seed, ulong step)
    {
        var update = new double[rows[0].Length];
        for (var i = 0; i < rows.Length; i++)
        {
            var projected = (double[])rows[i].Clone();
            foreach (var j in new StableRandom(StableHash.Mix(seed, step, (ulong)i)).Permutation(rows.Length))
            {
                var product = Dot(projected, rows[j]);
                if (j == i || product >= 0)
                    continue;
                var square = Dot(rows[j], rows[j]);
                for (var k = 0; k < projected.Length; k++)
                    projected[k] -= product / square * rows[j][k];
            }
            for (var k = 0; k < update.Length; k++)
                update[k] += projected[k];
        }
        return update;
    }
}
