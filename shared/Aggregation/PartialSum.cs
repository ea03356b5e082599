using System.Numerics.Tensors;

namespace DistMtl.Aggregation;

/// <summary>
/// What travels up the reduction tree: sums over rows, never means. Means are formed once, at the root, from the global
/// counts: a mean of means would be wrong where a label exists for some rows only.
/// </summary>
/// <param name="gradients">Laid out as <see cref="GradientShape"/> says; may be longer than <paramref name="length"/> (pooled).</param>
/// <param name="length">The elements of <paramref name="gradients"/> that count.</param>
/// <param name="lossSums_T">Per task, the sum of the loss over the rows that have its label.</param>
/// <param name="labels_T">Per task, how many rows of this step have its label.</param>
/// <param name="rows">Rows of this step.</param>
/// <param name="nextLabels_T">
/// As <paramref name="labels_T"/>, of the next step: a combined backward pass divides by these global counts, so they
/// must be known everywhere before it begins.
/// </param>
public sealed class PartialSum(
    float[] gradients,
    int length,
    double[] lossSums_T,
    long[] labels_T,
    int rows,
    long[] nextLabels_T)
{
    public float[] Gradients { get; } = length >= 0 && length <= gradients.Length
        ? gradients
        : throw new ArgumentOutOfRangeException(nameof(length), length, $"the buffer has {gradients.Length} elements");

    public int Length { get; } = length;

    public double[] LossSums_T { get; } = lossSums_T;

    public long[] Labels_T { get; } = labels_T;

    public int Rows { get; private set; } = rows;

    public long[] NextLabels_T { get; } = nextLabels_T;

    /// <summary>The gradients without what a pooled buffer has at its end.</summary>
    public Span<float> GradientSpan => Gradients.AsSpan(0, Length);

    /// <summary>this = this + right, element by element; right keeps its values.</summary>
    /// <exception cref="ArgumentException">The two differ in shape.</exception>
    public void Add(PartialSum right)
    {
        if (right.Length != Length || right.LossSums_T.Length != LossSums_T.Length
            || right.Labels_T.Length != Labels_T.Length || right.NextLabels_T.Length != NextLabels_T.Length)
            throw new ArgumentException(
                $"a sum of {right.Length} gradient elements and {right.LossSums_T.Length} tasks cannot be added to one of {Length} and {LossSums_T.Length}",
                nameof(right));
        TensorPrimitives.Add<float>(GradientSpan, right.GradientSpan, GradientSpan);
        TensorPrimitives.Add<double>(LossSums_T, right.LossSums_T, LossSums_T);
        TensorPrimitives.Add<long>(Labels_T, right.Labels_T, Labels_T);
        TensorPrimitives.Add<long>(NextLabels_T, right.NextLabels_T, NextLabels_T);
        Rows += right.Rows;
    }
}
