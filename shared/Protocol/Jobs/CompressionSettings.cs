using System.Runtime.Serialization;

namespace DistMtl.Protocol.Jobs;

public enum CompressionKind
{
    /// <summary>Four bytes a number.</summary>
    None,

    /// <summary>Two bytes a number: 11 bits of precision over 40 powers of two below the largest.</summary>
    Fp16,

    /// <summary>Two bytes a number: 8 bits of precision, the range of a float.</summary>
    Bf16,

    /// <summary>One byte a number, one scale a block.</summary>
    Int8,

    /// <summary>The largest elements only, the rest waits (Deep Gradient Compression: Lin et al. 2018).</summary>
    TopK,

    /// <summary>Matrices as products of two narrow ones (Vogels et al. 2019).</summary>
    [EnumMember(Value = "powersgd")]
    PowerSgd,
}

/// <summary>How gradients are made small before they travel.</summary>
public sealed record CompressionSettings(CompressionKind Kind)
{
    public const int DefaultBlock = 256;
    public const int MinBlock = 16;
    public const int MaxBlock = 65_536;
    public const double DefaultRatio = 0.01;
    public const int DefaultRank = 2;
    public const int MaxRank = 64;

    public static CompressionSettings None { get; } = new(CompressionKind.None);

    /// <summary>Int8: numbers that share a scale.</summary>
    public int Block { get; init; } = DefaultBlock;

    /// <summary>Int8: whether a shard adds what a step has lost to its next gradient; top-k and PowerSGD always do.</summary>
    public bool ErrorFeedback { get; init; } = true;

    /// <summary>Top-k: the share of the elements that travels.</summary>
    public double Ratio { get; init; } = DefaultRatio;

    /// <summary>Top-k under SGD: the momentum that the shards keep in the server's place; null: the optimizer's.</summary>
    public double? Momentum { get; init; }

    /// <summary>Top-k: a shard's gradient is scaled down where it is longer than this over the root of the number of shards; null: never.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Top-k: epochs in which the share comes down to <see cref="Ratio"/>, by the same factor each.</summary>
    public int WarmupEpochs { get; init; }

    /// <summary>Top-k: the same in steps.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>PowerSGD: columns of the two narrow matrices.</summary>
    public int Rank { get; init; } = DefaultRank;

    /// <summary>Whether a shard keeps something from step to step, which a checkpoint must hold.</summary>
    public bool HasState => Kind is CompressionKind.TopK or CompressionKind.PowerSgd || Kind == CompressionKind.Int8 && ErrorFeedback;

    /// <summary>The momentum that the shards keep (Lin et al. 2018, section 3.1); 0: none, and the optimiser's stays where it is.</summary>
    public double ShardMomentum(OptimizerSettings optimizer) =>
        Kind == CompressionKind.TopK && optimizer.Kind == OptimizerKind.Sgd ? Momentum ?? optimizer.Momentum : 0;

    /// <summary>
    /// What the servers update by: without the momentum, where the shards keep it. A decay that used to pass through the
    /// momentum acts as strongly as before: in the long run momentum m multiplies what it is given by 1 / (1 - m).
    /// </summary>
    public OptimizerSettings ServerOptimizer(OptimizerSettings optimizer)
    {
        if (ShardMomentum(optimizer) == 0)
            return optimizer;
        var gain = 1 / (1 - optimizer.Momentum);
        return optimizer with
        {
            Momentum = 0,
            WeightDecay = optimizer.WeightDecay * gain,
            Groups = [.. optimizer.Groups.Select(group => group with { WeightDecay = group.WeightDecay * gain })],
        };
    }
}
