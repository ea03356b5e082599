using CsCheck;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation.Tests;

public sealed class SliceGramianTests
{
    [Fact]
    public void The_total_has_the_same_bits_for_every_division_among_threads() => SliceCase.Any.Sample(any =>
    {
        var step = new SliceCase(any.Seed, any.Tasks, any.PerTask, someLack: false);
        var expected = Total(step, threads: 1);
        foreach (var threads in new[] { 2, 5 })
        {
            var total = Total(step, threads);
            Assert.Equal(Bits(expected), Bits(total));
        }
    }, iter: 20, threads: 1);

    [Fact]
    public void The_total_is_the_Gramian_of_the_whole_buffer() => SliceCase.Any.Sample(any =>
    {
        var step = new SliceCase(any.Seed, any.Tasks, perTask: true);
        var scales_T = GradientCombiner.MeanScales(step.Labels_T);
        var expected = Gramian.Compute(step.Whole, any.Tasks, step.Layout.SharedLength, scales_T);
        var actual = Total(step, threads: 1).ToGramian(scales_T);
        for (var i = 0; i < any.Tasks; i++)
        {
            for (var j = 0; j < any.Tasks; j++)
                Assert.Equal(expected[i, j], actual[i, j], 1e-12 * Math.Sqrt(expected[i, i] * expected[j, j]));
        }
    }, iter: 20, threads: 1);

    [Fact]
    public void The_norm_is_that_of_what_the_update_changes() => SliceCase.Any.Sample(any =>
    {
        var step = new SliceCase(any.Seed, any.Tasks, any.PerTask);
        var expected = GradientClipping.Clip(step.Update_P, step.Segments.AsSpan(), double.MaxValue);
        Assert.Equal(expected, Total(step, threads: 1).Norm(step.Coefficients), 1e-7 * expected);
    }, iter: 40, threads: 1);

    [Fact]
    public void A_gradient_that_cancels_has_a_norm_of_zero()
    {
        var products = new GradientProducts([1, -1, 1], [1, -1.0000000000000002, 1], [0, 0]);
        Assert.Equal(0, products.Norm(new TaskCoefficients([1, 1], [1, 1])));
    }

    [Fact]
    public void Scales_that_do_not_fit_are_refused() =>
        Assert.Throws<ArgumentException>(() => GradientProducts.Zero(2).ToGramian([1]));

    /// <summary>The order of the additions, written out in scalars: a machine with narrower or wider vectors gives these bits.</summary>
    [Fact]
    public void The_order_of_additions_is_sixteen_lanes_over_sums_in_float()
    {
        const int length = 3001;
        var (left, right) = (GramianTests.RandomGradients(1, length, seed: 2), GramianTests.RandomGradients(1, length, seed: 3));
        var lanes = new double[16];
        for (var k = 0; k < length; k++)
        {
            var sum = left[k] + right[k];
            lanes[k % 16] += (double)sum * sum;
        }
        var expected = 0.0;
        for (var lane = 0; lane < 8; lane++)
            expected += lanes[lane] + lanes[lane + 8];

        var layout = Protocol.ParameterLayout.Create([new("shared", [length], 0, null, Protocol.Initializer.Constant, 0)]);
        var gramian = new SliceGramian(
            ParameterSlices.Of(layout), GradientShape.Create(layout, 1, Aggregation.Weightings.WeightingNeed.Gramian), [new(0, 1000, 0.1, 0), new(1000, 2001, 0.2, 0)]);
        var products = gramian.Compute(0, new SliceSum(left, right));
        Assert.Equal(expected, products.Shared[0]);
        Assert.Equal(expected, products.Updated[0]);
    }

    private static GradientProducts Total(SliceCase step, int threads)
    {
        var gramian = new SliceGramian(step.Slices, step.Shape, step.Segments);
        var bySlice = new GradientProducts[step.Slices.Count];
        SliceThreads.ForEach(bySlice.Length, slice => bySlice[slice] = gramian.Compute(slice, step.Sum(slice)), threads);
        return bySlice.Aggregate(GradientProducts.Zero(step.Shape.Tasks), (total, products) => total + products);
    }

    private static List<long> Bits(GradientProducts products) =>
        [.. products.Shared.Concat(products.Updated).Concat(products.Own).Select(BitConverter.DoubleToInt64Bits)];
}
