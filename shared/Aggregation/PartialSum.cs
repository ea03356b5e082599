using System.Numerics.Tensors;

namespace DistMtl.Aggregation;

/// <summary>
/// A subtree of a worker: sums over rows, never means. Means are formed once, from the global counts: a mean of means
/// would be wrong where a label exists for some rows only.
/// </summary>
/// <param name="gradients">Laid out as <see cref="GradientShape"/> says, then the rows of tables; may be longer than <paramref name="length"/> (pooled).</param>
/// <param name="length">The elements of <paramref name="gradients"/> that count.</param>
/// <param name="totals">Losses, labels and rows.</param>
public sealed class PartialSum(float[] gradients, int length, StepTotals totals)
{
    public float[] Gradients { get; } = length >= 0 && length <= gradients.Length
        ? gradients
        : throw new ArgumentOutOfRangeException(nameof(length), length, $"the buffer has {gradients.Length} elements");

    public int Length { get; } = length;

    public StepTotals Totals { get; private set; } = totals;

    /// <summary>The gradients without what a pooled buffer has at its end.</summary>
    public Span<float> GradientSpan => Gradients.AsSpan(0, Length);

    /// <summary>this = this + right, element by element; right keeps its values.</summary>
    /// <exception cref="ArgumentException">The two differ in shape.</exception>
    public void Add(PartialSum right)
    {
        if (right.Length != Length)
            throw new ArgumentException($"a sum of {right.Length} gradient elements cannot be added to one of {Length}", nameof(right));
        Totals += right.Totals;
        TensorPrimitives.Add<float>(GradientSpan, right.GradientSpan, GradientSpan);
    }
}
