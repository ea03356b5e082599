using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tables;

/// <summary>How the rows of one table are trained.</summary>
/// <param name="LearningRate">Before the schedule; 0: the table stays as it is.</param>
/// <param name="WeightDecay">Takes from the rows of a step alone.</param>
/// <param name="IsDecoupled">Whether the decay is taken off the values (AdamW) or added to the gradient.</param>
public sealed record RowSettings(
    RowOptimizerKind Kind, double LearningRate, double WeightDecay, bool IsDecoupled, double Beta1, double Beta2, double Epsilon)
{
    /// <summary>A row is trained from its n-th touched step on.</summary>
    public int Admission { get; init; } = EmbeddingSettings.DefaultAdmission;

    /// <summary>Steps without a touch after which a row is forgotten; null: never.</summary>
    public int? Expiry { get; init; }

    public bool IsFrozen => LearningRate == 0;

    /// <summary>
    /// As for a parameter (<see cref="Optimizers.ParameterSegment.Of"/>): the rate of the first group that fits the table's name,
    /// else the table's own, that of <c>embeddings.optimizer</c>, that of the task that alone uses it, the optimiser's. What the
    /// model has frozen stays so.
    /// </summary>
    public static RowSettings Of(TableEntry entry, OptimizerSettings optimizer, EmbeddingSettings embeddings, IReadOnlyList<TaskSettings> tasks)
    {
        var group = optimizer.Groups.FirstOrDefault(group => group.Fits(entry.Name));
        var ofTask = entry.Task is { } task ? tasks[task].LearningRate : null;
        return new RowSettings(
            embeddings.Optimizer?.Kind ?? RowOptimizerSettings.DefaultKindOf(optimizer.Kind),
            entry.LearningRate == 0 ? 0 : group?.LearningRate ?? entry.LearningRate ?? embeddings.Optimizer?.LearningRate ?? ofTask ?? optimizer.LearningRate,
            group?.WeightDecay ?? optimizer.WeightDecay,
            optimizer.Kind == OptimizerKind.AdamW,
            optimizer.Beta1,
            optimizer.Beta2,
            optimizer.Epsilon)
        {
            Admission = embeddings.Admission,
            Expiry = embeddings.Expiry,
        };
    }
}
