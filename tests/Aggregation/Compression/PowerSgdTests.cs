using System.Runtime.InteropServices;
using DistMtl.Aggregation.Compression;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Compression.CompressionTesting;

namespace DistMtl.Aggregation.Tests.Compression;

public sealed class PowerSgdTests
{
    private static CompressionSettings PowerSgd(int rank) => new(CompressionKind.PowerSgd) { Rank = rank };

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 4)]
    [InlineData(4, 2)]
    public void A_matrix_of_no_higher_rank_arrives_whole(int rank, int matrixRank)
    {
        var plan = Plan(PowerSgd(rank), Layout(("weight", [30, 20], null)));
        var compressor = new ShardCompressor(plan, 0);
        for (var step = 0; step < 3; step++)
        {
            var matrix = Product(30, 20, matrixRank, step);
            var sent = plan.Decode(0, compressor.Compress(0, matrix, step));
            var largest = matrix.Max(Math.Abs);
            Assert.All(matrix.Zip(sent), pair => Assert.Equal(pair.First, pair.Second, 3e-5 * largest));
        }
    }

    [Fact]
    public void What_was_sent_and_what_is_kept_are_what_was_given()
    {
        var plan = Plan(PowerSgd(2), Layout(("weight", [30, 21], null), ("bias", [21], null)));
        var compressor = new ShardCompressor(plan, 0);
        for (var step = 0; step < 10; step++)
        {
            var (before, gradient) = ((float[])compressor.State["residual"].Clone(), Gradient(651, 0, step));
            var sent = plan.Decode(0, compressor.Compress(0, gradient, step));
            // The bias has no residual: it is sent as it is.
            AssertSameBits([.. Enumerable.Range(0, 651).Select(i => i < 630 ? before[i] + gradient[i] - sent[i] : 0)], compressor.State["residual"]);
            AssertSameBits(gradient.AsSpan(630), sent.AsSpan(630));
        }
    }

    [Fact]
    public void The_left_matrix_is_orthonormal_and_the_right_one_is_the_product_with_it()
    {
        const int m = 40, n = 25, r = 3;
        var plan = Plan(PowerSgd(r), Layout(("weight", [m, n], null)));
        var gradient = Gradient(m * n, 0, 0);
        var sent = MemoryMarshal.Cast<byte, float>(new ShardCompressor(plan, 0).Compress(0, gradient, 0)).ToArray();
        for (var a = 0; a < r; a++)
        {
            for (var b = 0; b < r; b++)
                Assert.Equal(a == b ? 1 : 0, Enumerable.Range(0, m).Sum(i => (double)sent[a * m + i] * sent[b * m + i]), 1e-6);
            for (var j = 0; j < n; j++)
                Assert.Equal(Enumerable.Range(0, m).Sum(i => (double)gradient[i * n + j] * sent[a * m + i]), sent[r * m + a * n + j], 1e-4);
        }
    }

    /// <summary>The paper's claim for a fixed matrix: steps from the step before's become the best approximation.</summary>
    [Fact]
    public void Started_from_the_step_before_the_error_nears_that_of_the_best_approximation()
    {
        // Singular values 8, 4, 2, 1 with the unit vectors: the best of rank 2 leaves 2 and 1.
        var matrix = new float[20 * 15];
        for (var i = 0; i < 4; i++)
            matrix[i * 15 + i] = 8 >> i;
        var plan = Plan(PowerSgd(2), Layout(("weight", [20, 15], null)));
        var compressor = new ShardCompressor(plan, 0);
        var error = 0.0;
        for (var step = 0; step < 12; step++)
        {
            // Without what was kept: the claim is about one matrix.
            compressor.State["residual"].AsSpan().Clear();
            var sent = plan.Decode(0, compressor.Compress(0, matrix, step));
            error = matrix.Zip(sent, (a, b) => Math.Pow(a - b, 2)).Sum();
        }
        Assert.Equal(5, error, 1e-3);
    }

    [Fact]
    public void What_lies_beside_all_that_was_seen_is_found_all_the_same()
    {
        var plan = Plan(PowerSgd(1), Layout(("weight", [10, 8], null)));
        var compressor = new ShardCompressor(plan, 0);
        // Columns 0 to 3, then 4 to 7, with nothing in between: the first start is zero where the second matrix is not.
        for (var step = 0; step < 6; step++)
        {
            var matrix = Product(10, 8, 1, 1);
            for (var i = 0; i < matrix.Length; i++)
                matrix[i] *= (i % 8 < 4) == (step < 3) && step % 3 == 0 ? 1 : 0;
            compressor.Compress(0, matrix, step);
        }
        Assert.All(compressor.State["residual"], value => Assert.Equal(0, value, 1e-4));
    }

    [Fact]
    public void Nothing_is_sent_of_nothing()
    {
        var plan = Plan(PowerSgd(2), Layout(("weight", [10, 8], null)));
        Assert.Equal(new float[80], plan.Decode(0, new ShardCompressor(plan, 0).Compress(0, new float[80], 0)));
    }

    [Fact]
    public void Whole_rows_within_a_slice_are_matrices_and_the_rest_travels_as_it_is()
    {
        var plan = Plan(PowerSgd(2), SeveralSlices);
        var compressor = new ShardCompressor(plan, 0);
        // 301 x 299 and a vector of 299 are cut after 45,136 numbers: 150 rows and 286 numbers of the next.
        Assert.Equal(45_136, plan.Slices[1].Offset);
        Assert.Equal(4 * (2 * (150 + 299) + 286), compressor.MaxLength(0));
        Assert.Equal(4 * (13 + 2 * (150 + 299) + 299), compressor.MaxLength(1));
        Assert.Equal(4 * (2 * (16 + 8) + 2 * (9 + 15) + 3), compressor.MaxLength(2));
    }

    [Fact]
    public void What_would_not_get_smaller_travels_as_it_is()
    {
        var plan = Plan(PowerSgd(4), Layout(("narrow", [100, 4], null), ("one", [1, 50], null), ("deep", [6, 5, 7], null), ("scalar", [], null)));
        var gradient = Gradient(661, 0, 0);
        var compressor = new ShardCompressor(plan, 0);
        Assert.Equal(4 * (400 + 50 + 4 * (6 + 35) + 1), compressor.MaxLength(0));
        var sent = plan.Decode(0, compressor.Compress(0, gradient, 0));
        AssertSameBits(gradient.AsSpan(0, 450), sent.AsSpan(0, 450));
        AssertSameBits(gradient.AsSpan(660), sent.AsSpan(660));
    }

    private static float[] Product(int rows, int columns, int rank, int seed)
    {
        var (left, right, product) = (Gradient(rows * rank, 1, seed), Gradient(columns * rank, 2, seed), new float[rows * columns]);
        for (var i = 0; i < product.Length; i++)
            product[i] = (float)Enumerable.Range(0, rank).Sum(c => (double)left[i / columns * rank + c] * right[i % columns * rank + c]);
        return product;
    }
}
