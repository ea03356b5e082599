using System.Numerics;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation;

/// <summary>Makes one update of the tasks' gradients.</summary>
public static class GradientCombiner
{
    /// <summary>1/N_t, what makes a mean of a sum; 0 for a task that no row of the step has a label for.</summary>
    public static double[] MeanScales(ReadOnlySpan<long> labels_T)
    {
        var scales_T = new double[labels_T.Length];
        for (var task = 0; task < scales_T.Length; task++)
            scales_T[task] = labels_T[task] == 0 ? 0 : 1.0 / labels_T[task];
        return scales_T;
    }

    /// <summary>
    /// Makes means of the root's sums in place, for weightings that work on the gradients themselves; a task without a label
    /// in the step gets zeros, whatever its rows hold.
    /// </summary>
    /// <returns>The counts that go with means: 1 for each task that has a label.</returns>
    public static long[] DivideByLabels(GradientShape shape, Span<float> gradients, ReadOnlySpan<long> labels_T)
    {
        var scales_T = MeanScales(labels_T);
        var counts_T = new long[shape.Tasks];
        for (var task = 0; task < shape.Tasks; task++)
        {
            counts_T[task] = scales_T[task] == 0 ? 0 : 1;
            Divide(gradients[shape.Shared(task)], scales_T[task]);
            var (own, length) = (shape.Own(task).Start.Value, shape.OwnParameters(task).End.Value - shape.OwnParameters(task).Start.Value);
            Divide(gradients.Slice(own, length), scales_T[task]);
        }
        return counts_T;
    }

    /// <summary>
    /// Shared part: sum over t of w_t g_t / N_t. Own part of task t: g_t / N_t, unweighted unless the weighting says
    /// otherwise, for a task's own parameters follow its own loss. Each element is computed in double and rounded once. A
    /// task without a label in the step contributes zero, whatever its rows hold.
    /// </summary>
    /// <param name="gradients">The root's sums, laid out per task.</param>
    /// <param name="weights_T">As the weighting decided, scaled.</param>
    /// <param name="labels_T">N_t, the global counts of this step.</param>
    /// <param name="update_P">Overwritten; the optimiser's gradient.</param>
    /// <param name="ownWeights_T">Of the own parts; empty: 1 each.</param>
    public static void Combine(
        GradientShape shape,
        ReadOnlySpan<float> gradients,
        ReadOnlySpan<double> weights_T,
        ReadOnlySpan<long> labels_T,
        Span<float> update_P,
        ReadOnlySpan<double> ownWeights_T = default)
    {
        if (!shape.IsPerTask)
            throw new ArgumentException("a combined gradient is the update already", nameof(shape));
        if (gradients.Length < shape.Length || update_P.Length != shape.ParameterLength
            || weights_T.Length != shape.Tasks || labels_T.Length != shape.Tasks)
            throw new ArgumentException(
                $"{gradients.Length} gradient elements, {update_P.Length} parameters, {weights_T.Length} weights and {labels_T.Length} counts do not fit a shape of {shape.Length}, {shape.ParameterLength} and {shape.Tasks} tasks",
                nameof(gradients));

        var coefficients = new TaskCoefficients(weights_T, labels_T, ownWeights_T);
        var starts = new int[coefficients.Shared.Length];
        for (var i = 0; i < starts.Length; i++)
            starts[i] = shape.Shared(coefficients.Present[i]).Start.Value;
        AddRows(gradients, [], starts, coefficients.Shared, update_P[..shape.SharedLength]);

        for (var task = 0; task < shape.Tasks; task++)
        {
            var own = update_P[shape.OwnParameters(task)];
            if (coefficients.Own(task) is { } coefficient)
                AddRows(gradients, [], [shape.Own(task).Start.Value], [coefficient], own);
            else
                own.Clear();
        }
    }

    private static void Divide(Span<float> sums, double scale)
    {
        if (scale == 0)
            sums.Clear();
        for (var k = 0; k < sums.Length; k++)
            sums[k] = (float)(sums[k] * scale);
    }

    /// <summary>
    /// sum[k] = the weighted sum of left[starts[i] + k] + right[starts[i] + k], in the order of the rows; the inner sums are
    /// rounded to float, as those of the reduction tree are.
    /// </summary>
    /// <param name="right">Empty: the rows are whole already.</param>
    internal static void AddRows(
        ReadOnlySpan<float> left, ReadOnlySpan<float> right, ReadOnlySpan<int> starts, ReadOnlySpan<double> weights, Span<float> sum)
    {
        var k = 0;
        ref var lefts = ref MemoryMarshal.GetReference(left);
        ref var rights = ref MemoryMarshal.GetReference(right);
        ref var sums = ref MemoryMarshal.GetReference(sum);
        for (; k <= sum.Length - Vector<float>.Count; k += Vector<float>.Count)
        {
            var (low, high) = (Vector<double>.Zero, Vector<double>.Zero);
            for (var i = 0; i < starts.Length; i++)
            {
                var row = Vector.LoadUnsafe(ref lefts, (nuint)(starts[i] + k));
                if (!right.IsEmpty)
                    row += Vector.LoadUnsafe(ref rights, (nuint)(starts[i] + k));
                Vector.Widen(row, out var lower, out var upper);
                low += weights[i] * lower;
                high += weights[i] * upper;
            }
            Vector.Narrow(low, high).StoreUnsafe(ref sums, (nuint)k);
        }
        for (; k < sum.Length; k++)
        {
            var total = 0.0;
            for (var i = 0; i < starts.Length; i++)
                total += weights[i] * (right.IsEmpty ? left[starts[i] + k] : left[starts[i] + k] + right[starts[i] + k]);
            sum[k] = (float)total;
        }
    }
}
