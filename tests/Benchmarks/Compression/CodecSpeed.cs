using System.Diagnostics;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Compression;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Benchmarks.Compression;

/// <summary>One kind of compression over four million parameters, matrices of 256 x 256, on one thread.</summary>
/// <param name="Encoding">Gigabytes of floats a second.</param>
/// <param name="Decoding">Gigabytes of floats a second.</param>
/// <param name="Ratio">Bytes of the floats over bytes sent.</param>
/// <param name="Bar">What the ratio must reach.</param>
internal sealed record CodecSpeed(string Name, double Encoding, double Decoding, double Ratio, double? Bar)
{
    private const int Side = 256;
    private const int Matrices = 64;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>Of the elements that top-k chooses, a sent one may take ten bytes.</summary>
    private const double TopKBar = 40;

    private static readonly ParameterLayout Layout = ParameterLayout.Create(Enumerable.Range(0, Matrices)
        .Select(i => new ParameterEntry($"weight.{i}", [Side, Side], 0, null, Initializer.Constant, 0)));

    public static IReadOnlyList<(string Name, CompressionSettings Settings)> Contestants { get; } =
    [
        ("fp16", new(CompressionKind.Fp16)),
        ("bf16", new(CompressionKind.Bf16)),
        ("int8, nothing kept", new(CompressionKind.Int8) { ErrorFeedback = false }),
        ("int8", new(CompressionKind.Int8)),
        ("topk, 1 %", new(CompressionKind.TopK)),
        ("topk, 1 %, momentum", new(CompressionKind.TopK) { Momentum = 0.9 }),
        ("topk, 0.1 %", new(CompressionKind.TopK) { Ratio = 0.001 }),
        ("powersgd, rank 2", new(CompressionKind.PowerSgd)),
        ("powersgd, rank 4", new(CompressionKind.PowerSgd) { Rank = 4 }),
    ];

    public static double MeasureCopy()
    {
        var (from, to, slices) = (Gradient(), new float[Layout.Length], ParameterSlices.Of(Layout));
        return Speed((_, slice) => from.AsSpan(slices[slice].Offset, slices[slice].Length).CopyTo(to.AsSpan(slices[slice].Offset)));
    }

    public static CodecSpeed Measure(string name, CompressionSettings settings)
    {
        var plan = new CompressionPlan(settings, Layout, ParameterSlices.Of(Layout), GradientShape.Create(Layout, 1, WeightingNeed.Losses)) { Momentum = settings.Momentum ?? 0 };
        var (compressor, decoder, gradient) = (new ShardCompressor(plan, 0), new GradientDecoder(plan), Gradient());
        byte[][] payloads = [.. plan.Slices.All.Select(slice => new byte[compressor.MaxLength(slice.Index)])];
        var lengths = new int[payloads.Length];
        var decoded = new float[ParameterSlices.MaxLength];
        var encoding = Speed((step, slice) => lengths[slice] = compressor.Compress(slice, gradient, step, payloads[slice]));
        var decoding = Speed((_, slice) => decoder.Decode(slice, payloads[slice].AsSpan(0, lengths[slice]), decoded.AsSpan(0, plan.Slices[slice].Length)));
        return new CodecSpeed(
            name, encoding, decoding, (double)sizeof(float) * Layout.Length / lengths.Sum(),
            settings is { Kind: CompressionKind.TopK, Ratio: CompressionSettings.DefaultRatio } ? TopKBar : null);
    }

    /// <summary>Slice after slice for a second; each counts with its fastest round, for what else the machine does is not the codec's.</summary>
    private static double Speed(Action<int, int> round)
    {
        var fastest = Enumerable.Repeat(TimeSpan.MaxValue, ParameterSlices.Of(Layout).Count).ToArray();
        var start = Stopwatch.GetTimestamp();
        for (var step = 0; Stopwatch.GetElapsedTime(start) < Least || step < 2; step++)
        {
            for (var slice = 0; slice < fastest.Length; slice++)
            {
                var began = Stopwatch.GetTimestamp();
                round(step, slice);
                var elapsed = Stopwatch.GetElapsedTime(began);
                fastest[slice] = elapsed < fastest[slice] ? elapsed : fastest[slice];
            }
        }
        return sizeof(float) * Layout.Length / fastest.Sum(time => time.TotalSeconds) / 1e9;
    }

    private static float[] Gradient()
    {
        var random = new StableRandom(1);
        var gradient = new float[Layout.Length];
        for (var i = 0; i < gradient.Length; i++)
            gradient[i] = (float)random.NextNormal();
        return gradient;
    }
}
