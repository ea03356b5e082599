using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>What of the job a weighting may depend on.</summary>
/// <param name="Tasks">T tasks, in the order of every vector over tasks.</param>
/// <param name="Settings">The strategy and its options.</param>
/// <param name="Optimizer">The job's optimiser: weights that are learnt are learnt by its rule.</param>
/// <param name="Seed">The job's seed.</param>
public sealed record WeightingContext(
    IReadOnlyList<TaskSettings> Tasks,
    WeightingSettings Settings,
    OptimizerSettings Optimizer,
    ulong Seed)
{
    /// <summary>The option as set, else its default.</summary>
    public double Option(WeightingDescription description, string name) =>
        Settings.Options.TryGetValue(name, out var value) ? value : description.Options[name];
}
