namespace DistMtl.Protocol.Jobs;

/// <summary>
/// One training job as its user wrote it, defaults filled in. The whole program reads this record and nothing else
/// about what to train; it travels to the workers as the canonical YAML that <c>JobFileWriter</c> writes.
/// </summary>
/// <param name="Name">Names the run folder: letters, digits, '-', '_' and '.'.</param>
/// <param name="Seed">The one source of randomness of the job.</param>
public sealed record JobFile(
    string Name,
    ulong Seed,
    DataSettings Data,
    IReadOnlyList<FeatureSettings> Features,
    IReadOnlyList<TaskSettings> Tasks,
    ModelSettings Model,
    WeightingSettings Weighting,
    OptimizerSettings Optimizer,
    TrainingSettings Training)
{
    public const ulong DefaultSeed = 1;

    public MetricSettings Metrics { get; init; } = MetricSettings.Default;

    public EmbeddingSettings Embeddings { get; init; } = EmbeddingSettings.Default;

    /// <summary>What <c>distmtl tune</c> varies; null: nothing.</summary>
    public SearchSettings? Search { get; init; }
}
