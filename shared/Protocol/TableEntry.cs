namespace DistMtl.Protocol;

/// <summary>
/// An embedding table that lives on the parameter servers, row by row, and is no part of the flat parameters: only the
/// rows that a step touches travel. Row r begins as a function of (seed, name, r), so a row nobody has touched takes no memory.
/// </summary>
/// <param name="Name">Key in checkpoints.</param>
/// <param name="Rows">R; row 0 stands for unseen and missing.</param>
/// <param name="Dim">D, numbers of a row.</param>
/// <param name="Task">Index of the task that alone uses it; null: shared by all tasks.</param>
/// <param name="InitialScale">Standard deviation of the first values, which are nearly normal with mean 0.</param>
public sealed record TableEntry(string Name, int Rows, int Dim, int? Task, float InitialScale)
{
    /// <summary>Learning rate of its own; null: that of the embeddings; 0: frozen.</summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// Which of the step's row lists addresses it: tables of a single-task model that stand for one feature share one.
    /// </summary>
    public int RowList { get; init; }
}
