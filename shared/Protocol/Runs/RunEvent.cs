namespace DistMtl.Protocol.Runs;

/// <summary>
/// What a run tells about itself, in order. One stream of these feeds the display, <c>metrics.jsonl</c> and the report.
/// </summary>
/// <param name="Seconds">Since the run began.</param>
public abstract record RunEvent(double Seconds);

/// <summary>The data have been scanned and the run's size is known; no worker is needed for this yet.</summary>
/// <param name="FirstStep">Updates made before: 0, or the checkpoint's step where the run goes on.</param>
/// <param name="TotalSteps">Updates when the run is complete.</param>
public sealed record RunStarted(
    double Seconds,
    string Name,
    string RunDirectory,
    IReadOnlyList<string> Tasks,
    int Workers,
    int Shards,
    long TrainRows,
    long ValidationRows,
    long Parameters,
    int FirstStep,
    int TotalSteps,
    int StepsPerEpoch) : RunEvent(Seconds);

/// <summary>Something a person should know: a worker joined or left, bad rows were skipped, a checkpoint was damaged.</summary>
public sealed record Notice(double Seconds, string Text) : RunEvent(Seconds);

/// <summary>One parameter update.</summary>
/// <param name="Step">Number of updates made, counting this one (1 for the first).</param>
/// <param name="Epoch">1 for the first.</param>
/// <param name="Losses">Per task, mean over the valid labels of the step; null where no row had the label.</param>
/// <param name="Weights">Per task, as used for this update.</param>
/// <param name="Rows">Rows of this step.</param>
/// <param name="RowsPerSecond">Smoothed over the last steps.</param>
/// <param name="Workers">Workers that took part.</param>
public sealed record StepCompleted(
    double Seconds,
    int Step,
    int Epoch,
    IReadOnlyList<double?> Losses,
    IReadOnlyList<double> Weights,
    int Rows,
    double RowsPerSecond,
    int Workers) : RunEvent(Seconds)
{
    /// <summary>Where workers do not wait for each other: updates that others made since this one's worker got its parameters.</summary>
    public int? Staleness { get; init; }
}

/// <summary>Metrics of one split at one step.</summary>
/// <param name="Split">"validation" or "test".</param>
/// <param name="Composite">Early stopping's weighted sum; null where no early stopping is asked for.</param>
/// <param name="IsBest">Whether it is the best composite so far.</param>
public sealed record EvaluationCompleted(
    double Seconds,
    int Step,
    int Epoch,
    string Split,
    IReadOnlyList<TaskMetrics> Tasks,
    double? Composite,
    bool IsBest) : RunEvent(Seconds);

/// <summary>A checkpoint is on disk, complete.</summary>
public sealed record CheckpointWritten(double Seconds, int Step, string Directory) : RunEvent(Seconds);

/// <summary>The run goes on from an earlier step, whose state had been kept: steps behind it come again, with the same numbers.</summary>
/// <param name="Step">Updates that are left.</param>
public sealed record RunRewound(double Seconds, int Step) : RunEvent(Seconds);

/// <summary>The last event of every run, however it ended.</summary>
public sealed record RunEnded(double Seconds, RunSummary Summary) : RunEvent(Seconds);
