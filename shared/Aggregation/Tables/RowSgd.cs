using System.Collections.Immutable;
using System.Numerics;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation.Tables;

/// <summary>Stochastic gradient descent, which keeps no state: a momentum would have to move rows that a step does not touch.</summary>
internal sealed class RowSgd(RowSettings settings, int dim) : RowRule(settings, dim)
{
    public override ImmutableArray<(string Name, int Width)> State { get; } = [];

    public override void Update(RowChunks rows, ReadOnlySpan<int> slots_N, ReadOnlySpan<float> gradients_ND, int step, double learningRate)
    {
        var d = Dim;
        var (added, keep) = Decay(learningRate);
        var (addedDecay, keepValue) = (Vector.Create(added), Vector.Create(keep));
        var rate = Vector.Create((float)learningRate);
        for (var n = 0; n < slots_N.Length; n++)
        {
            if (slots_N[n] == RowIndex.None)
                continue;
            var values_D = rows[slots_N[n]];
            var gradients_D = gradients_ND.Slice(n * d, d);
            for (var i = 0; i < d; i += Lanes.Count)
            {
                var value = Lanes.Load(values_D, i);
                Lanes.Store(values_D, i, keepValue * value - rate * (Lanes.Load(gradients_D, i) + addedDecay * value));
            }
        }
    }
}
