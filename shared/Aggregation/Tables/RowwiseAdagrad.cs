using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// Adagrad (Duchi, Hazan, Singer 2011) with one accumulator for a whole row, to which each step adds the mean of the row's
/// squared gradient: EXACT_ROWWISE_ADAGRAD of FBGEMM and TorchRec. Epsilon outside the root.
/// </summary>
internal sealed class RowwiseAdagrad(RowSettings settings, int dim) : RowRule(settings, dim)
{
    public override ImmutableArray<(string Name, int Width)> State { get; } = [("sum", 1)];

    public override void Update(RowChunks rows, ReadOnlySpan<int> slots_N, ReadOnlySpan<float> gradients_ND, int step, double learningRate)
    {
        var d = Dim;
        var (added, keep) = Decay(learningRate);
        var (addedDecay, keepValue) = (Vector.Create(added), Vector.Create(keep));
        var (rate, epsilon) = ((float)learningRate, (float)Settings.Epsilon);
        for (var n = 0; n < slots_N.Length; n++)
        {
            if (slots_N[n] == RowIndex.None)
                continue;
            var row = rows[slots_N[n]];
            var values_D = row[..d];
            var gradients_D = gradients_ND.Slice(n * d, d);
            var sum = row[d] += SquaredNorm(gradients_D, values_D, added) / d;
            var stepSize = Vector.Create(rate / (MathF.Sqrt(sum) + epsilon));
            for (var i = 0; i < d; i += Lanes.Count)
            {
                var value = Lanes.Load(values_D, i);
                var gradient = Lanes.Load(gradients_D, i) + addedDecay * value;
                Lanes.Store(values_D, i, keepValue * value - stepSize * gradient);
            }
        }
    }

    /// <summary>Four sums side by side whatever the machine's vectors hold, so that the order of the additions is one.</summary>
    private static float SquaredNorm(ReadOnlySpan<float> gradients_D, ReadOnlySpan<float> values_D, float addedDecay)
    {
        var sums = Vector128<float>.Zero;
        ref var gradients = ref MemoryMarshal.GetReference(gradients_D);
        ref var values = ref MemoryMarshal.GetReference(values_D);
        var i = 0;
        for (; i + Vector128<float>.Count <= gradients_D.Length; i += Vector128<float>.Count)
        {
            var gradient = Vector128.LoadUnsafe(ref gradients, (nuint)i) + Vector128.Create(addedDecay) * Vector128.LoadUnsafe(ref values, (nuint)i);
            sums += gradient * gradient;
        }
        var total = sums[0] + sums[1] + (sums[2] + sums[3]);
        for (; i < gradients_D.Length; i++)
        {
            var gradient = gradients_D[i] + addedDecay * values_D[i];
            total += gradient * gradient;
        }
        return total;
    }
}
