using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// What the compressors of a job's shards and the decoders of its servers agree on. The unit of compression is a row of a
/// slice: a shared slice has one of every task where one gradient of every task travels, else every slice has one.
/// </summary>
/// <param name="Settings">Of any kind but none.</param>
public sealed record CompressionPlan(CompressionSettings Settings, ParameterLayout Layout, ParameterSlices Slices, GradientShape Gradient)
{
    /// <summary>The momentum that the shards keep (<see cref="CompressionSettings.ShardMomentum"/>).</summary>
    public double Momentum { get; init; }

    /// <summary>The job's.</summary>
    public ulong Seed { get; init; } = JobFile.DefaultSeed;

    /// <summary>S, the data shards.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Steps in one pass over the training rows, for a warm-up in epochs.</summary>
    public int StepsPerEpoch { get; init; } = 1;

    /// <param name="stepsPerEpoch">Steps in one pass over the training rows.</param>
    public static CompressionPlan Of(JobFile job, ParameterLayout layout, ParameterSlices slices, GradientShape gradient, int stepsPerEpoch) =>
        new(job.Training.Compression, layout, slices, gradient)
        {
            Momentum = job.Training.Compression.ShardMomentum(job.Optimizer),
            Seed = job.Seed,
            Shards = job.Data.Shards,
            StepsPerEpoch = stepsPerEpoch,
        };

    /// <summary>Rows of a slice's gradient: T, or 1.</summary>
    public int Rows(int slice) => Gradient.IsPerTask && Slices[slice].IsShared ? Gradient.Tasks : 1;

    internal RowCodec CodecOf(ParameterSlice slice) => Settings.Kind switch
    {
        CompressionKind.TopK => new TopKCodec(slice.Length, SparsitySchedule.Of(Settings, StepsPerEpoch), (float)Momentum),
        CompressionKind.PowerSgd => new PowerSgdCodec(slice.Length, MatrixBlock.Cut(Layout, slice, Settings.Rank)),
        _ => ElementCodec(Settings, slice.Length),
    };

    /// <exception cref="ArgumentException">The kind is none, or not one that looks at numbers one by one.</exception>
    internal static RowCodec ElementCodec(CompressionSettings settings, int length) => settings.Kind switch
    {
        CompressionKind.Fp16 => new HalfCodec(length),
        CompressionKind.Bf16 => new BrainFloatCodec(length),
        CompressionKind.Int8 => new ByteCodec(length, settings.Block, settings.ErrorFeedback),
        _ => throw new ArgumentException($"numbers are not made small one by one by the kind {settings.Kind}", nameof(settings)),
    };
}
