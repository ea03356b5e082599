using System.Numerics.Tensors;

namespace DistMtl.Aggregation;

/// <summary>What a step's rows add up to beside gradients.</summary>
/// <param name="LossSums_T">Per task, the sum of the loss over the rows that have its label.</param>
/// <param name="Labels_T">Per task, how many rows of this step have its label.</param>
/// <param name="Rows">Rows of this step.</param>
/// <param name="NextLabels_T">
/// As <paramref name="Labels_T"/>, of the next step: a combined backward pass divides by these global counts, so they must
/// be known everywhere before it begins.
/// </param>
public sealed record StepTotals(double[] LossSums_T, long[] Labels_T, int Rows, long[] NextLabels_T)
{
    /// <summary>Why the step must not be made: what is not a finite number, and where; null: all is.</summary>
    public string? NotFinite { get; init; }

    /// <summary>Per task; null where no row had the label.</summary>
    public IReadOnlyList<double?> MeanLosses_T => [.. LossSums_T.Select((sum, task) => Labels_T[task] == 0 ? (double?)null : sum / Labels_T[task])];

    /// <exception cref="ArgumentException">The two differ in their number of tasks.</exception>
    public static StepTotals operator +(StepTotals left, StepTotals right)
    {
        var tasks = left.LossSums_T.Length;
        if (left.Labels_T.Length != tasks || left.NextLabels_T.Length != tasks
            || right.LossSums_T.Length != tasks || right.Labels_T.Length != tasks || right.NextLabels_T.Length != tasks)
            throw new ArgumentException($"totals of {right.LossSums_T.Length} tasks cannot be added to those of {tasks}", nameof(right));
        var (losses_T, labels_T, next_T) = (new double[tasks], new long[tasks], new long[tasks]);
        TensorPrimitives.Add<double>(left.LossSums_T, right.LossSums_T, losses_T);
        TensorPrimitives.Add<long>(left.Labels_T, right.Labels_T, labels_T);
        TensorPrimitives.Add<long>(left.NextLabels_T, right.NextLabels_T, next_T);
        return new StepTotals(losses_T, labels_T, left.Rows + right.Rows, next_T) { NotFinite = left.NotFinite ?? right.NotFinite };
    }
}
