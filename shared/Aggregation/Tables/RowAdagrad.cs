using System.Collections.Immutable;
using System.Numerics;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation.Tables;

/// <summary>Adagrad (Duchi, Hazan, Singer 2011), an accumulator for each element, epsilon outside the root.</summary>
internal sealed class RowAdagrad(RowSettings settings, int dim) : RowRule(settings, dim)
{
    public override ImmutableArray<(string Name, int Width)> State { get; } = [("sum", dim)];

    public override void Update(RowChunks rows, ReadOnlySpan<int> slots_N, ReadOnlySpan<float> gradients_ND, int step, double learningRate)
    {
        var d = Dim;
        var (added, keep) = Decay(learningRate);
        var (addedDecay, keepValue) = (Vector.Create(added), Vector.Create(keep));
        var (rate, epsilon) = (Vector.Create((float)learningRate), Vector.Create((float)Settings.Epsilon));
        for (var n = 0; n < slots_N.Length; n++)
        {
            if (slots_N[n] == RowIndex.None)
                continue;
            var row = rows[slots_N[n]];
            var values_D = row[..d];
            var sums_D = row.Slice(d, d);
            var gradients_D = gradients_ND.Slice(n * d, d);
            for (var i = 0; i < d; i += Lanes.Count)
            {
                var value = Lanes.Load(values_D, i);
                var gradient = Lanes.Load(gradients_D, i) + addedDecay * value;
                var sum = Lanes.Load(sums_D, i) + gradient * gradient;
                Lanes.Store(sums_D, i, sum);
                Lanes.Store(values_D, i, keepValue * value - rate * (gradient / (Vector.SquareRoot(sum) + epsilon)));
            }
        }
    }
}
