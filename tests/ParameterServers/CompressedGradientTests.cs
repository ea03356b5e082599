using DistMtl.Aggregation;
using DistMtl.Aggregation.Compression;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>What shards have made small is added up as the numbers that it stands for.</summary>
public sealed class CompressedGradientTests
{
    [Theory]
    [InlineData(CompressionKind.TopK, true)]
    [InlineData(CompressionKind.TopK, false)]
    [InlineData(CompressionKind.Int8, true)]
    [InlineData(CompressionKind.Int8, false)]
    public async Task Compressed_gradients_add_up_to_the_sum_of_what_each_decodes_to(CompressionKind kind, bool perTask)
    {
        var @case = new ServerCase(perTask, compression: new CompressionSettings(kind) { Ratio = 0.1 });
        var set = new ServerSet(@case, 1, [0], [1], [2], [3], [4]);
        await set.BeginAsync();
        var (shape, plan) = (set.Shape, set.Shape.Compression!);
        var expected = new TreeReducer<float[]>(ServerCase.Shards, (left, right) => [.. left.Zip(right, (a, b) => a + b)]);
        foreach (var shard in (int[])[3, 0, 4, 1, 2])
        {
            var (worker, node) = ($"worker-{shard}", set.Workers[shard].Nodes.Single());
            var gradients = Gradients(shape.Gradient.Length, shard);
            var (compressor, decoded) = (new ShardCompressor(plan, shard), new float[gradients.Length]);
            foreach (var slice in shape.Slices.All)
            {
                var payload = new byte[compressor.MaxLength(slice.Index)];
                payload = payload[..compressor.Compress(slice.Index, gradients, step: 0, payload)];
                Decode(plan, slice.Index, payload, decoded);
                await set.SendAsync(FrameKind.Gradient, new GradientHeader(shape.Generation, 0, slice.Index, node.Level, node.Index), payload, worker);
            }
            Assert.NotEqual(gradients, decoded);
            expected.Add(node, decoded);
            await set.SendAsync(FrameKind.RowGradients, new RowGradientHeader(shape.Generation, 0, 0, node.Level, node.Index), RowGradients(@case, plan, shape, node), worker);
        }
        await set.ReportAsync();
        float[] sum = [];
        set.Servers[0].Rewrite(gradients => sum = [.. gradients]);
        Assert.True(SomeWorker.Bytes(expected.Root).AsSpan().SequenceEqual(SomeWorker.Bytes(sum)), "another sum");
        Assert.Equal(0, set.Servers[0].LateFrames);
    }

    /// <summary>Puts what a slice's payload stands for into a whole gradient.</summary>
    private static void Decode(CompressionPlan plan, int slice, byte[] payload, float[] whole)
    {
        var (part, start) = (new float[plan.Slices.GradientLength(plan.Gradient, slice)], 0);
        new GradientDecoder(plan).Decode(slice, payload, part);
        foreach (var (offset, length) in plan.Slices.Segments(plan.Gradient, slice))
        {
            part.AsSpan(start, length).CopyTo(whole.AsSpan(offset));
            start += length;
        }
    }

    /// <summary>Zeros, for the rows that the shard has asked for.</summary>
    private static byte[] RowGradients(ServerCase @case, CompressionPlan plan, ServerShape shape, TreeNode node)
    {
        var zeros = new float[shape.Tables.GradientsLength(@case.RowsOf(0, node))];
        if (!RowGradientCompression.Applies(plan.Settings))
            return SomeWorker.Bytes(zeros);
        var payload = new byte[RowGradientCompression.Length(plan.Settings, zeros.Length)];
        return payload[..RowGradientCompression.Encode(plan.Settings, zeros, payload)];
    }

    private static float[] Gradients(int length, int shard)
    {
        var random = new StableRandom(StableHash.Mix(17, (ulong)shard));
        var values = new float[length];
        foreach (ref var value in values.AsSpan())
            value = (float)random.NextNormal();
        return values;
    }
}
