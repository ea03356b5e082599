namespace DistMtl.Protocol.Jobs;

/// <summary>How a touched row of a sparse table is updated.</summary>
public enum RowOptimizerKind
{
    /// <summary>One accumulator for a whole row: the sum of its mean squared gradients (FBGEMM's EXACT_ROWWISE_ADAGRAD).</summary>
    RowwiseAdagrad,

    /// <summary>Lazy: the moments of untouched rows stay as they are (PyTorch's SparseAdam).</summary>
    Adam,
    Sgd,
    Adagrad,
}

/// <summary>The rule for the rows of sparse tables; betas, epsilon and decay are those of the job's optimiser.</summary>
/// <param name="LearningRate">Null: that of the job's optimiser.</param>
public sealed record RowOptimizerSettings(RowOptimizerKind Kind, double? LearningRate)
{
    /// <summary>The kind that goes with the job's; SGD's momentum is not applied to rows.</summary>
    public static RowOptimizerKind DefaultKindOf(OptimizerKind kind) => kind switch
    {
        OptimizerKind.Sgd => RowOptimizerKind.Sgd,
        OptimizerKind.Adagrad => RowOptimizerKind.RowwiseAdagrad,
        _ => RowOptimizerKind.Adam,
    };
}
