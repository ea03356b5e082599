using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation;

/// <summary>
/// The products of the tasks' sums over the elements of one slice, or of several. Those of all slices, added up in the order
/// of the slices, have the same bits whatever the number of servers and threads.
/// </summary>
/// <param name="Shared">
/// T(T + 1) / 2 products g_i . g_j over the shared parameters, row after row of the lower triangle; 0 where one combined
/// gradient travels.
/// </param>
/// <param name="Updated">Alike, over those that are not frozen.</param>
/// <param name="Own">
/// Of each task the sum of squares over those of its own parameters that are not frozen; of a combined gradient the one sum
/// of squares, over all that is not frozen, and then 0.
/// </param>
public sealed record GradientProducts(double[] Shared, double[] Updated, double[] Own)
{
    /// <summary>Of no element.</summary>
    public static GradientProducts Zero(int tasks) => new(new double[Gramian.Pairs(tasks)], new double[Gramian.Pairs(tasks)], new double[tasks]);

    /// <summary>Number by number: the order of additions is the caller's, who goes from slice 0 on.</summary>
    public static GradientProducts operator +(GradientProducts left, GradientProducts right)
    {
        return new(Add(left.Shared, right.Shared), Add(left.Updated, right.Updated), Add(left.Own, right.Own));

        static double[] Add(double[] left, double[] right) => [.. left.Zip(right, (a, b) => a + b)];
    }

    /// <summary>G[i, j] = scale_i scale_j (g_i . g_j), as <see cref="Gramian.Compute(ReadOnlySpan{float}, int, int, ReadOnlySpan{double})"/> has it.</summary>
    /// <param name="scales_T">1 / N_t, or 0.</param>
    public double[,] ToGramian(ReadOnlySpan<double> scales_T) => scales_T.Length == Own.Length
        ? Gramian.ToMatrix(Shared, scales_T)
        : throw new ArgumentException($"{Own.Length} tasks need as many scales, not {scales_T.Length}", nameof(scales_T));

    /// <summary>The norm of the update over all that is not frozen, for <see cref="GradientClipping.Factor"/>: the root of c' U c and the own squares.</summary>
    /// <param name="coefficients">c; null: the gradient is combined already.</param>
    public double Norm(TaskCoefficients? coefficients)
    {
        if (coefficients is null)
            return Math.Sqrt(Own[0]);
        var squares = 0.0;
        for (var i = 0; i < coefficients.Present.Length; i++)
        {
            var task = coefficients.Present[i];
            for (var j = 0; j <= i; j++)
                squares += (i == j ? 1 : 2) * coefficients.Shared[i] * coefficients.Shared[j] * Updated[Gramian.Pairs(task) + coefficients.Present[j]];
        }
        // Rounding can leave less than nothing of gradients that cancel.
        squares = Math.Max(squares, 0);
        foreach (var task in coefficients.Present)
        {
            var own = coefficients.Own(task)!.Value;
            squares += own * own * Own[task];
        }
        return Math.Sqrt(squares);
    }
}
