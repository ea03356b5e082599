using System.Runtime.InteropServices;
using CsCheck;
using DistMtl.Aggregation.Compression;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Compression;

/// <summary>Plans, gradients and bytes for the tests of compression.</summary>
internal static class CompressionTesting
{
    public const int Tasks = 2;

    /// <summary>Floats of all sizes, many of them equal, zeros of both signs among them.</summary>
    public static readonly Gen<float> AnyFloat = Gen.Frequency(
        (4, Gen.Float[-1, 1]),
        (2, Gen.UInt.Select(bits => BitConverter.UInt32BitsToSingle(bits)).Where(float.IsFinite)),
        (2, Gen.OneOf(0f, -0f, 1f, -1f, 0.5f, -0.5f, float.MaxValue, -float.MaxValue, float.Epsilon, 1e-38f)));

    public static readonly CompressionSettings[] AllKinds =
    [
        new(CompressionKind.Fp16),
        new(CompressionKind.Bf16),
        new(CompressionKind.Int8),
        new(CompressionKind.Int8) { ErrorFeedback = false, Block = 100 },
        new(CompressionKind.TopK),
        new(CompressionKind.TopK) { Ratio = 0.05, Momentum = 0.9, ClipNorm = 20, WarmupSteps = 2 },
        new(CompressionKind.PowerSgd),
        new(CompressionKind.PowerSgd) { Rank = 5 },
    ];

    public static TheoryData<int> KindNumbers => [.. Enumerable.Range(0, AllKinds.Length)];

    /// <summary>Two shared slices whose border cuts a row of a matrix, and one of both tasks' own parameters.</summary>
    public static ParameterLayout SeveralSlices { get; } = Layout(
        ("big", [301, 299], null), ("bias", [299], null), ("own.0", [16, 8], 0), ("own.1", [9, 15], 1), ("bias.1", [3], 1));

    public static ParameterLayout Layout(params (string Name, int[] Shape, int? Task)[] entries) =>
        ParameterLayout.Create(entries.Select(entry => new ParameterEntry(entry.Name, [.. entry.Shape], 0, entry.Task, Initializer.Constant, 0)));

    public static CompressionPlan Plan(CompressionSettings settings, ParameterLayout layout, bool perTask = false) =>
        new(settings, layout, ParameterSlices.Of(layout), GradientShape.Create(layout, Tasks, perTask ? WeightingNeed.Gramian : WeightingNeed.Losses))
        {
            Momentum = settings.Momentum ?? 0,
            Seed = 5,
            Shards = 7,
        };

    /// <summary>One vector of so many parameters, in one slice.</summary>
    public static CompressionPlan Vector(CompressionSettings settings, int length) => Plan(settings, Layout(("vector", [length], null)));

    /// <summary>Values over several orders of magnitude.</summary>
    public static float[] Gradient(int length, int shard, int step)
    {
        var random = new StableRandom(StableHash.Mix((ulong)shard, (ulong)step, 99));
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = (float)(random.NextNormal() * Math.Pow(10, random.Next(4) - 2));
        return values;
    }

    public static byte[] Compress(this ShardCompressor compressor, int slice, float[] gradients, int step)
    {
        var payload = new byte[compressor.MaxLength(slice)];
        return payload[..compressor.Compress(slice, gradients, step, payload)];
    }

    public static float[] Decode(this CompressionPlan plan, int slice, byte[] payload)
    {
        var gradient = new float[plan.Slices.GradientLength(plan.Gradient, slice)];
        gradient.AsSpan().Fill(float.NaN);
        new GradientDecoder(plan).Decode(slice, payload, gradient);
        return gradient;
    }

    public static byte[] Merge(this GradientDecoder decoder, int slice, byte[] left, byte[] right)
    {
        var sum = new byte[left.Length + right.Length];
        return sum[..decoder.Merge(slice, left, right, sum)];
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        // The assertion names the first that differs, but takes its time.
        if (!MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual)))
            Assert.Equal(MemoryMarshal.Cast<float, uint>(expected).ToArray(), MemoryMarshal.Cast<float, uint>(actual).ToArray());
    }

    public static Dictionary<string, float[]> Copy(IReadOnlyDictionary<string, float[]> state) =>
        state.ToDictionary(entry => entry.Key, entry => (float[])entry.Value.Clone());
}
