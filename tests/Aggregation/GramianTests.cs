using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tests;

public sealed class GramianTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 15)]
    [InlineData(4, 1024)]
    [InlineData(2, 1025)]
    [InlineData(5, 5003)]
    public void Products_are_those_of_a_plain_loop(int tasks, int length)
    {
        var gradients = RandomGradients(tasks, length, seed: 1);
        var scales = Enumerable.Range(1, tasks).Select(t => 1.0 / t).ToArray();
        var gramian = Gramian.Compute(gradients, tasks, length, scales);
        for (var i = 0; i < tasks; i++)
        {
            for (var j = 0; j < tasks; j++)
            {
                var (product, magnitude) = (0.0, 0.0);
                for (var k = 0; k < length; k++)
                {
                    var term = (double)gradients[i * length + k] * gradients[j * length + k] * scales[i] * scales[j];
                    product += term;
                    magnitude += Math.Abs(term);
                }
                Assert.Equal(product, gramian[i, j], 1e-13 * magnitude);
                Assert.Equal(gramian[i, j], gramian[j, i]);
            }
        }
    }

    /// <summary>
    /// The order of the additions, written out in scalars: a machine with narrower or wider vectors gives these bits.
    /// </summary>
    [Fact]
    public void The_order_of_additions_is_sixteen_lanes_whatever_the_machine()
    {
        const int length = 3001;
        var gradients = RandomGradients(2, length, seed: 2);
        var lanes = new double[16];
        for (var k = 0; k < length; k++)
            lanes[k % 16] += (double)gradients[k] * gradients[length + k];
        var expected = 0.0;
        for (var lane = 0; lane < 8; lane++)
            expected += lanes[lane] + lanes[lane + 8];
        Assert.Equal(expected, Gramian.Compute(gradients, 2, length, [1, 1])[0, 1]);
    }

    [Fact]
    public void A_task_of_scale_zero_has_zero_products_even_where_its_row_is_not_a_number()
    {
        float[] gradients = [1, 2, float.NaN, float.PositiveInfinity];
        var gramian = Gramian.Compute(gradients, 2, 2, [1, 0]);
        Assert.Equal(new double[,] { { 5, 0 }, { 0, 0 } }, gramian);
    }

    [Fact]
    public void Only_the_shared_part_of_the_buffer_counts() =>
        Assert.Equal(5, Gramian.Compute([1, 2, 99, 99], 1, 2, [1])[0, 0]);

    [Fact]
    public void Products_of_floats_neither_overflow_nor_vanish()
    {
        var gramian = Gramian.Compute([1e30f, 1e-30f], 2, 1, [1, 1]);
        Assert.Equal(1e60, gramian[0, 0], 1e54);
        Assert.Equal(1e-60, gramian[1, 1], 1e-66);
    }

    [Fact]
    public void Rows_of_doubles_have_the_same_products() =>
        Assert.Equal(new double[,] { { 18, -22 }, { -22, 38 } }, Gramian.Compute([[-4, 1, 1], [6, 1, 1]]));

    internal static float[] RandomGradients(int tasks, int length, ulong seed)
    {
        var random = new StableRandom(seed);
        var gradients = new float[tasks * length];
        for (var i = 0; i < gradients.Length; i++)
            gradients[i] = (float)random.NextNormal();
        return gradients;
    }
}
