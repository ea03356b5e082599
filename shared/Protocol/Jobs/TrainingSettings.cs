namespace DistMtl.Protocol.Jobs;

public enum DeviceKind
{
    /// <summary>CUDA where there is one, else the CPU.</summary>
    Auto,
    Cpu,
    Cuda,
}

/// <summary>What becomes of a step with a loss or gradient that is not a finite number. No such number reaches an optimiser.</summary>
public enum NonFiniteAction
{
    /// <summary>The run ends before the step.</summary>
    Fail,

    /// <summary>The step's rows are left out: the parameters stay what they are, and the next step follows.</summary>
    Skip,
}

/// <summary>How long and in what portions to train.</summary>
/// <param name="Epochs">Passes over the training rows.</param>
/// <param name="BatchSize">Rows of one step over all shards, so that it does not depend on the number of workers.</param>
/// <param name="MaxSteps">Stops after so many steps; null: after <paramref name="Epochs"/>.</param>
/// <param name="EvaluateEvery">Steps between evaluations; null: after each epoch.</param>
/// <param name="CheckpointEvery">Steps between checkpoints; null: after each evaluation.</param>
/// <param name="EarlyStopping">Null: none.</param>
/// <param name="Device">What the workers compute on.</param>
/// <param name="StepTimeoutSeconds">Deadline of one step; a worker that misses it is put out, and the run goes on without it.</param>
public sealed record TrainingSettings(
    int Epochs,
    int BatchSize,
    int? MaxSteps,
    int? EvaluateEvery,
    int? CheckpointEvery,
    EarlyStoppingSettings? EarlyStopping,
    DeviceKind Device,
    double StepTimeoutSeconds)
{
    public const int DefaultAccumulate = 1;
    public const int DefaultEpochs = 1;
    public const int DefaultLocalSteps = 1;
    public const int DefaultStaleness = 4;
    public const int DefaultBatchSize = 1024;
    public const double DefaultStepTimeoutSeconds = 60;
    public const int DefaultMinWorkers = 1;
    public const double DefaultWorkersTimeoutSeconds = 300;
    public const int DefaultMaxSkips = 10;
    public const int DefaultCheckpointsKept = 2;

    /// <summary>
    /// Portions in which a shard's rows of one step are computed, one after another, which bounds the memory of a device;
    /// <see cref="BatchSize"/> stays the number of rows of one update.
    /// </summary>
    public int Accumulate { get; init; } = DefaultAccumulate;

    /// <summary>A run that has lost workers goes on with so many; with fewer it waits for others to join.</summary>
    public int MinWorkers { get; init; } = DefaultMinWorkers;

    /// <summary>For how long it waits for them.</summary>
    public double WorkersTimeoutSeconds { get; init; } = DefaultWorkersTimeoutSeconds;

    /// <summary>How many of the newest checkpoints are kept; beside them the best one is, where early stopping looks for it.</summary>
    public int CheckpointsKept { get; init; } = DefaultCheckpointsKept;

    /// <summary>
    /// So many data shards of slow workers are computed by fast ones, too, and whichever gradient comes first is taken: they are
    /// equal to the bit. 0: none.
    /// </summary>
    public int BackupShards { get; init; }

    /// <summary>What becomes of a step with a loss or gradient that is not a finite number.</summary>
    public NonFiniteAction OnNonFinite { get; init; } = NonFiniteAction.Fail;

    /// <summary>With <see cref="NonFiniteAction.Skip"/>: so many steps in a row may be left out.</summary>
    public int MaxSkips { get; init; } = DefaultMaxSkips;

    public ParameterServerSettings ParameterServers { get; init; } = ParameterServerSettings.Default;

    public TrainingMode Mode { get; init; } = TrainingMode.Synchronous;

    /// <summary>With <see cref="TrainingMode.StaleSynchronous"/>: steps that a worker may be ahead of the slowest.</summary>
    public int Staleness { get; init; } = DefaultStaleness;

    /// <summary>Micro-batches that each data shard takes by itself, with the job's optimiser, before parameters are averaged; 1: none.</summary>
    public int LocalSteps { get; init; } = DefaultLocalSteps;

    /// <summary>With <see cref="LocalSteps"/> above 1: how the shards' moves become one.</summary>
    public OuterSettings Outer { get; init; } = OuterSettings.Default;

    /// <summary>How gradients are made small before they travel.</summary>
    public CompressionSettings Compression { get; init; } = CompressionSettings.None;

    /// <summary>k-fold cross-validation: k runs, each of which validates on another k-th of the training rows; null: one run.</summary>
    public int? Folds { get; init; }
}

/// <summary>Stops when a weighted sum of validation metrics has not risen for a while; the best checkpoint is kept.</summary>
/// <param name="Metric">Weight by <c>task.metric</c>; metrics where less is better count negative by themselves.</param>
/// <param name="Patience">Evaluations without a rise before stopping.</param>
public sealed record EarlyStoppingSettings(IReadOnlyDictionary<string, double> Metric, int Patience)
{
    public const int DefaultPatience = 2;
}
