using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// The share of the elements that travels, step by step. In a warm-up of E epochs (or steps) it falls by the same factor
/// each: r^((e + 1) / (E + 1)) in epoch e, then r (Lin et al. 2018, section 3.3: with r = 0.1 % and E = 4 the sparsities
/// 75 %, 93.75 %, 98.4 %, 99.6 %, 99.9 %). By multiplications alone, for every machine must come to the same share.
/// </summary>
internal sealed class SparsitySchedule
{
    private const int Halvings = 64;

    private readonly double _ratio;
    private readonly double _root;
    private readonly int _stages;
    private readonly int _stepsPerStage;

    private SparsitySchedule(double ratio, int stages, int stepsPerStage)
    {
        (_ratio, _stages, _stepsPerStage) = (ratio, stages, stepsPerStage);
        _root = Root(ratio, stages + 1);
    }

    public static SparsitySchedule Of(CompressionSettings settings, int stepsPerEpoch) => settings.WarmupEpochs > 0
        ? new SparsitySchedule(settings.Ratio, settings.WarmupEpochs, stepsPerEpoch)
        : new SparsitySchedule(settings.Ratio, settings.WarmupSteps, 1);

    public double RatioAt(int step)
    {
        var stage = step / _stepsPerStage;
        return stage >= _stages ? _ratio : Power(_root, stage + 1);
    }

    /// <summary>How many of some elements travel: at least one.</summary>
    public int CountAt(int step, int elements) => Math.Clamp((int)Math.Ceiling(elements * RatioAt(step)), 1, elements);

    /// <summary>The n-th root of a number between 0 and 1, by halving.</summary>
    private static double Root(double value, int n)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Power(middle, n) < value ? (middle, high) : (low, middle);
        }
        return high;
    }

    private static double Power(double value, int n)
    {
        var power = 1.0;
        for (; n > 0; n >>= 1, value *= value)
        {
            if ((n & 1) == 1)
                power *= value;
        }
        return power;
    }
}
