using System.Collections.Concurrent;
using DistMtl.Aggregation.Compression;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Compression.CompressionTesting;

namespace DistMtl.Aggregation.Tests.Compression;

/// <summary>What holds for every kind.</summary>
public sealed class ShardCompressorTests
{
    private const int Shards = 7;

    private static readonly ConcurrentDictionary<(int Length, int Shard, int Step), float[]> Gradients = [];

    public static TheoryData<int> Kinds => KindNumbers;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_sum_has_the_same_bits_for_every_division_into_workers(int kind)
    {
        foreach (var perTask in new[] { false, true })
        {
            var plan = Plan(AllKinds[kind], SeveralSlices, perTask);
            var alone = Run(plan, (_, _) => 0);
            Assert.True(alone.Count(value => value != 0) > alone.Length / 200);
            // One each; then shards that move from worker to worker, with their state, between the steps.
            AssertSameBits(alone, Run(plan, (shard, _) => shard));
            AssertSameBits(alone, Run(plan, (shard, step) => (shard + step) / 3));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_restored_shard_goes_on_to_the_same_bits(int kind)
    {
        var plan = Plan(AllKinds[kind], SeveralSlices, perTask: true);
        var first = new ShardCompressor(plan, 3);
        for (var step = 0; step < 3; step++)
            CompressAll(plan, first, step);
        var second = new ShardCompressor(plan, 3);
        second.Restore(3, Copy(first.State));
        for (var step = 3; step < 6; step++)
            Assert.Equal(CompressAll(plan, first, step), CompressAll(plan, second, step));
        foreach (var (name, values) in first.State)
            AssertSameBits(values, second.State[name]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_step_that_is_asked_for_again_is_the_same_and_counts_once(int kind)
    {
        var plan = Plan(AllKinds[kind], SeveralSlices, perTask: true);
        var (once, twice) = (new ShardCompressor(plan, 3), new ShardCompressor(plan, 3));
        for (var step = 0; step < 3; step++)
        {
            var sent = CompressAll(plan, once, step);
            Assert.Equal(sent, CompressAll(plan, twice, step));
            Assert.Equal(sent, CompressAll(plan, twice, step));
        }
        foreach (var (name, values) in once.State)
            AssertSameBits(values, twice.State[name]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_not_finite_is_refused(int kind)
    {
        var plan = Plan(AllKinds[kind], Layout(("weight", [40, 30], null), ("bias", [30], null)));
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (var place in new[] { 0, 777, 1229 })
            {
                var gradient = Gradient(1230, 0, 0);
                gradient[place] = value;
                Assert.Throws<NotFiniteNumberException>(() => new ShardCompressor(plan, 0).Compress(0, gradient, 0));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_checkpoint_holds_what_the_settings_say(int kind) =>
        Assert.Equal(AllKinds[kind].HasState, new ShardCompressor(Plan(AllKinds[kind], SeveralSlices), 0).State.Count > 0);

    [Fact]
    public void Steps_come_one_after_another()
    {
        var plan = Plan(new(CompressionKind.TopK), SeveralSlices);
        var compressor = new ShardCompressor(plan, 4);
        var gradient = new float[plan.Gradient.Length];
        compressor.Compress(0, gradient, 0);
        var between = Assert.Throws<InvalidOperationException>(() => compressor.Step);
        Assert.Contains("shard 4 is in the middle of a step", between.Message, StringComparison.Ordinal);
        compressor.Compress(1, gradient, 0);
        compressor.Compress(2, gradient, 0);
        Assert.Equal(1, compressor.Step);
        var late = Assert.Throws<InvalidOperationException>(() => compressor.Compress(0, gradient, 2));
        Assert.Contains("the state of shard 4 stands before step 1, so step 2 cannot be compressed", late.Message, StringComparison.Ordinal);
        compressor.Restore(9, Copy(compressor.State));
        Assert.Equal(9, compressor.Step);
        // What a restored shard has sent before is not known.
        Assert.Throws<InvalidOperationException>(() => compressor.Compress(0, gradient, 8));
    }

    [Fact]
    public void A_state_of_another_kind_or_length_is_refused()
    {
        var plan = Plan(new(CompressionKind.TopK) { Momentum = 0.9 }, SeveralSlices);
        var compressor = new ShardCompressor(plan, 2);
        var state = Copy(compressor.State);
        Assert.Throws<InvalidDataException>(() => compressor.Restore(1, new Dictionary<string, float[]> { ["residual"] = state["residual"] }));
        Assert.Throws<InvalidDataException>(() => compressor.Restore(1, new Dictionary<string, float[]> { ["residual"] = state["residual"], ["start"] = state["velocity"] }));
        state["velocity"] = new float[3];
        var error = Assert.Throws<InvalidDataException>(() => compressor.Restore(1, state));
        Assert.Contains($"'velocity' of shard 2 has 3 elements where {plan.Gradient.Length} are needed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_lose_nothing_over_many_steps()
    {
        const int length = 700;
        var plan = Vector(new(CompressionKind.Int8), length);
        var compressor = new ShardCompressor(plan, 0);
        var (given, sent) = (new double[length], new double[length]);
        for (var step = 0; step < 50; step++)
        {
            var gradient = Gradient(length, 0, step);
            var decoded = plan.Decode(0, compressor.Compress(0, gradient, step));
            for (var i = 0; i < length; i++)
                (given[i], sent[i]) = (given[i] + gradient[i], sent[i] + decoded[i]);
        }
        for (var i = 0; i < length; i++)
            Assert.Equal(given[i], sent[i] + compressor.State["residual"][i], 1e-4);
    }

    [Fact]
    public void Nothing_is_compressed_by_none() =>
        Assert.Throws<ArgumentException>(() => new ShardCompressor(Plan(CompressionSettings.None, SeveralSlices), 0));

    /// <returns>All slices' sums over three steps, one behind the other.</returns>
    private static float[] Run(CompressionPlan plan, Func<int, int, int> workerOf)
    {
        var decoder = new GradientDecoder(plan);
        var shards = Enumerable.Range(0, Shards).Select(shard => new ShardCompressor(plan, shard)).ToArray();
        var sums = new List<float>();
        for (var step = 0; step < 3; step++)
        {
            foreach (var slice in plan.Slices.All)
            {
                var server = new TreeReducer<float[]>(Shards, (left, right) => Sum(left, right));
                foreach (var worker in Enumerable.Range(0, Shards).GroupBy(shard => workerOf(shard, step)).Reverse())
                    Send(slice.Index, step, [.. worker], server);
                sums.AddRange(server.Root);
            }
            for (var shard = 0; shard < Shards; shard++)
            {
                var moved = new ShardCompressor(plan, shard);
                moved.Restore(step + 1, Copy(shards[shard].State));
                shards[shard] = workerOf(shard, step) == workerOf(shard, step + 1) ? shards[shard] : moved;
            }
        }
        return [.. sums];

        float[] Sum(float[] left, float[] right)
        {
            for (var i = 0; i < left.Length; i++)
                left[i] += right[i];
            return left;
        }

        void Send(int slice, int step, int[] ofWorker, TreeReducer<float[]> server)
        {
            var payloads = ofWorker.Select(shard => (Node: TreeNode.Leaf(shard), Sum: shards[shard].Compress(slice, Cached(plan.Gradient.Length, shard, step), step)));
            if (decoder.CanMerge)
            {
                var reducer = new TreeReducer<byte[]>(Shards, (left, right) => decoder.Merge(slice, left, right));
                foreach (var (node, payload) in payloads)
                    reducer.Add(node, payload);
                payloads = reducer.Pending;
            }
            foreach (var (node, payload) in payloads)
                server.Add(node, plan.Decode(slice, payload));
        }
    }

    private static float[] Cached(int length, int shard, int step) => Gradients.GetOrAdd((length, shard, step), key => Gradient(key.Length, key.Shard, key.Step));

    private static byte[][] CompressAll(CompressionPlan plan, ShardCompressor compressor, int step) =>
        [.. plan.Slices.All.Select(slice => compressor.Compress(slice.Index, Cached(plan.Gradient.Length, compressor.Shard, step), step))];
}
