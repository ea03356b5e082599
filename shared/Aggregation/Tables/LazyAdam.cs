using System.Collections.Immutable;
using System.Numerics;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// Adam (Kingma and Ba 2015) for the rows of a step alone, as PyTorch's SparseAdam: the moments of untouched rows stay as they
/// are, the bias correction is that of the run's step, and epsilon stands beside the uncorrected root.
/// </summary>
internal sealed class LazyAdam(RowSettings settings, int dim) : RowRule(settings, dim)
{
    public override ImmutableArray<(string Name, int Width)> State { get; } = [("exp_avg", dim), ("exp_avg_sq", dim)];

    public override void Update(RowChunks rows, ReadOnlySpan<int> slots_N, ReadOnlySpan<float> gradients_ND, int step, double learningRate)
    {
        var d = Dim;
        var (beta1, beta2) = (Settings.Beta1, Settings.Beta2);
        var (added, keep) = Decay(learningRate);
        var (addedDecay, keepValue) = (Vector.Create(added), Vector.Create(keep));
        var (keepMean, addMean) = (Vector.Create((float)beta1), Vector.Create((float)(1 - beta1)));
        var (keepSquare, addSquare) = (Vector.Create((float)beta2), Vector.Create((float)(1 - beta2)));
        var stepSize = Vector.Create((float)(learningRate * Math.Sqrt(1 - Power(beta2, step)) / (1 - Power(beta1, step))));
        var epsilon = Vector.Create((float)Settings.Epsilon);
        for (var n = 0; n < slots_N.Length; n++)
        {
            if (slots_N[n] == RowIndex.None)
                continue;
            var row = rows[slots_N[n]];
            var values_D = row[..d];
            var means_D = row.Slice(d, d);
            var squares_D = row.Slice(2 * d, d);
            var gradients_D = gradients_ND.Slice(n * d, d);
            for (var i = 0; i < d; i += Lanes.Count)
            {
                var value = Lanes.Load(values_D, i);
                var gradient = Lanes.Load(gradients_D, i) + addedDecay * value;
                var mean = keepMean * Lanes.Load(means_D, i) + addMean * gradient;
                var square = keepSquare * Lanes.Load(squares_D, i) + addSquare * (gradient * gradient);
                Lanes.Store(means_D, i, mean);
                Lanes.Store(squares_D, i, square);
                Lanes.Store(values_D, i, keepValue * value - stepSize * (mean / (Vector.SquareRoot(square) + epsilon)));
            }
        }
    }

    /// <summary>By squaring: unlike <see cref="Math.Pow"/> the same bits on every machine.</summary>
    private static double Power(double beta, int step)
    {
        var power = 1.0;
        for (; step > 0; step >>= 1, beta *= beta)
            power *= (step & 1) == 0 ? 1 : beta;
        return power;
    }
}
