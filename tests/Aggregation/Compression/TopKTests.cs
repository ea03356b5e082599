using CsCheck;
using DistMtl.Aggregation.Compression;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Compression.CompressionTesting;

namespace DistMtl.Aggregation.Tests.Compression;

public sealed class TopKTests
{
    private static CompressionSettings TopK(double ratio) => new(CompressionKind.TopK) { Ratio = ratio };

    [Fact]
    public void The_largest_travel_and_of_equal_ones_the_first() =>
        Gen.Select(AnyFloat.Array[1, 300], Gen.Double[0.001, 0.999]).Sample((values, ratio) => AssertLargest(values, ratio));

    [Fact]
    public void The_largest_travel_however_they_lie_in_a_long_row() =>
        Gen.Select(Gen.Int[4096, 20_000], Gen.Int[0, 4], Gen.Double[0.0001, 0.3], Gen.ULong).Sample((length, pattern, ratio, seed) =>
        {
            var random = new StableRandom(seed);
            var values = new float[length];
            var stride = length / 1024;
            for (var i = 0; i < length; i++)
            {
                values[i] = pattern switch
                {
                    // All equal; whole numbers; only where a sample of every so-manieth looks, or never there; few that are not zero.
                    0 => 1,
                    1 => random.Next(7) - 3,
                    2 => i % stride == 0 ? (float)random.NextNormal() * 100 : 1,
                    3 => i % stride == 0 ? 0 : (float)random.NextNormal(),
                    _ => random.Next(1000) == 0 ? (float)random.NextNormal() : -0f,
                };
            }
            AssertLargest(values, ratio);
        }, iter: 60);

    [Fact]
    public void What_was_sent_and_what_is_kept_are_what_was_given()
    {
        var plan = Vector(TopK(0.05), 5000);
        var compressor = new ShardCompressor(plan, 0);
        for (var step = 0; step < 20; step++)
        {
            var (before, gradient) = ((float[])compressor.State["residual"].Clone(), Gradient(5000, 0, step));
            var sent = plan.Decode(0, compressor.Compress(0, gradient, step));
            var kept = compressor.State["residual"];
            for (var i = 0; i < sent.Length; i++)
            {
                Assert.Equal(before[i] + gradient[i], sent[i] + kept[i]);
                Assert.True(sent[i] == 0 || kept[i] == 0);
            }
        }
        Assert.DoesNotContain("velocity", compressor.State.Keys);
    }

    [Fact]
    public void Momentum_masking_and_clipping_are_those_of_algorithm_4()
    {
        const int length = 60;
        var settings = TopK(0.1) with { Momentum = 0.9, ClipNorm = 3 };
        var plan = Vector(settings, length);
        var compressor = new ShardCompressor(plan, 0);
        var (u, v) = (new double[length], new double[length]);
        for (var step = 0; step < 40; step++)
        {
            var gradient = Gradient(length, 1, step);
            var norm = Math.Sqrt(gradient.Sum(value => (double)value * value));
            var scale = Math.Min(1, 3 / Math.Sqrt(plan.Shards) / norm);
            for (var i = 0; i < length; i++)
            {
                u[i] = 0.9 * u[i] + scale * gradient[i];
                v[i] += u[i];
            }
            var expected = new double[length];
            foreach (var i in Enumerable.Range(0, length).OrderByDescending(i => Math.Abs(v[i])).Take(6))
                (expected[i], u[i], v[i]) = (v[i], 0, 0);

            var sent = plan.Decode(0, compressor.Compress(0, gradient, step));
            for (var i = 0; i < length; i++)
                Assert.Equal(expected[i], sent[i], 1e-5);
        }
        Assert.All(u.Zip(compressor.State["velocity"]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(v.Zip(compressor.State["residual"]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData(4, 0, 3)]
    [InlineData(0, 4, 1)]
    public void A_warm_up_of_four_has_the_papers_sparsities(int epochs, int steps, int stepsPerEpoch)
    {
        const int length = 60_000;
        var plan = Vector(TopK(0.001) with { WarmupEpochs = epochs, WarmupSteps = steps }, length) with { StepsPerEpoch = stepsPerEpoch };
        var compressor = new ShardCompressor(plan, 0);
        double[] sparsities = [0.75, 0.9375, 0.984375, 0.996, 0.999, 0.999];
        for (var step = 0; step < 6 * stepsPerEpoch; step++)
        {
            var count = plan.Decode(0, compressor.Compress(0, Gradient(length, 0, step), step)).Count(value => value != 0);
            Assert.Equal(sparsities[step / stepsPerEpoch], 1 - (double)count / length, 0.0016);
        }
        Assert.Equal(60, plan.Decode(0, compressor.Compress(0, Gradient(length, 0, 77), 6 * stepsPerEpoch)).Count(value => value != 0));
    }

    [Fact]
    public void A_hundredth_of_the_elements_is_less_than_a_seventieth_of_the_bytes()
    {
        var compressor = new ShardCompressor(Vector(TopK(0.01), ParameterSlices.MaxLength), 0);
        for (var step = 0; step < 5; step++)
            Assert.InRange(compressor.Compress(0, Gradient(ParameterSlices.MaxLength, 0, step), step).Length, 1, 4 * ParameterSlices.MaxLength / 70);
    }

    [Fact]
    public void A_row_of_every_task_has_its_own_largest()
    {
        var layout = Layout(("shared", [100], null), ("own", [20], 0));
        var plan = Plan(TopK(0.1), layout, perTask: true);
        var gradient = Gradient(plan.Gradient.Length, 0, 0);
        for (var i = 0; i < 100; i++)
            gradient[i] *= 1e6f;
        var compressor = new ShardCompressor(plan, 0);

        var shared = plan.Decode(0, compressor.Compress(0, gradient, 0));
        Assert.Equal(10, shared[..100].Count(value => value != 0));
        Assert.Equal(10, shared[100..].Count(value => value != 0));
        Assert.Equal(2, plan.Decode(1, compressor.Compress(1, gradient, 0)).Count(value => value != 0));
    }

    [Fact]
    public void Merging_up_the_tree_gives_the_bits_of_adding_dense_gradients_up_the_tree() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 40], Gen.Double[0.02, 0.98], Gen.ULong).Sample((shards, length, ratio, seed) =>
        {
            var plan = Plan(TopK(ratio), Layout(("shared", [length], null)), perTask: true);
            var decoder = new GradientDecoder(plan);
            var random = new StableRandom(seed);
            var payloads = new byte[shards][];
            for (var shard = 0; shard < shards; shard++)
            {
                // Sums that vanish, round, or fall below the normal numbers.
                float[] few = [0, -0f, 1, -1, 1, -1, 3e-45f, -3e-45f, 0.1f, 16_777_216, -1e30f, 1.1754942e-38f];
                var gradient = new float[plan.Gradient.Length];
                for (var i = 0; i < gradient.Length; i++)
                    gradient[i] = few[random.Next(few.Length)];
                payloads[shard] = new ShardCompressor(plan, shard).Compress(0, gradient, 0);
            }
            var merged = new TreeReducer<byte[]>(shards, (left, right) => decoder.Merge(0, left, right));
            var dense = new TreeReducer<float[]>(shards, (left, right) => [.. left.Zip(right, (a, b) => a + b)]);
            var added = new TreeReducer<float[]>(shards, (left, right) => [.. left.Zip(right, (a, b) => a + b)]);
            foreach (var shard in random.Permutation(shards))
            {
                merged.Add(TreeNode.Leaf(shard), payloads[shard]);
                dense.Add(TreeNode.Leaf(shard), plan.Decode(0, payloads[shard]));
            }
            // Pairs as a worker's dense sum and another's payload.
            for (var shard = 0; shard < shards; shard += 2)
            {
                var sum = plan.Decode(0, payloads[shard]);
                if (shard + 1 < shards)
                    decoder.Add(0, payloads[shard + 1], sum);
                added.Add(shard + 1 < shards ? new TreeNode(1, shard / 2) : TreeNode.Leaf(shard), sum);
            }

            AssertSameBits(dense.Root, plan.Decode(0, merged.Root));
            AssertSameBits(dense.Root, added.Root);
            Assert.True(merged.Root.Length <= payloads.Sum(payload => payload.Length));
        });

    [Fact]
    public void Sums_too_large_for_a_float_are_not_sent()
    {
        var plan = Vector(TopK(0.5), 4);
        var payload = new ShardCompressor(plan, 0).Compress(0, [float.MaxValue, 1, 0, 0], 0);

        Assert.Throws<NotFiniteNumberException>(() => new GradientDecoder(plan).Merge(0, payload, payload));
    }

    private static void AssertLargest(float[] values, double ratio)
    {
        var plan = Vector(TopK(ratio), values.Length);
        var k = (int)Math.Ceiling(values.Length * ratio);
        var expected = new float[values.Length];
        foreach (var (value, i) in values.Select((value, i) => (value, i)).OrderByDescending(pair => Math.Abs(pair.value)).ThenBy(pair => pair.i).Take(k))
            expected[i] = value + 0f;

        AssertSameBits(expected, plan.Decode(0, new ShardCompressor(plan, 0).Compress(0, values, 0)));
    }
}
