namespace DistMtl.Protocol.Runs;

/// <summary>How a run ended.</summary>
public enum RunStatus
{
    Completed,

    /// <summary>Early stopping ended it.</summary>
    EarlyStopped,

    /// <summary>Ctrl-C or SIGTERM; a checkpoint was written.</summary>
    Interrupted,
    Failed,
}

/// <summary>The content of <c>summary.json</c>.</summary>
/// <param name="Rows">Rows trained on, over all epochs.</param>
/// <param name="Seconds">Wall clock of the whole run.</param>
/// <param name="SamplesPerSecond">Rows over the seconds spent in steps (evaluation and start-up left out).</param>
/// <param name="ParametersSha256">Over the final parameters in layout order, little-endian; lower-case hex.</param>
/// <param name="BestStep">The step of the best checkpoint; null without early stopping.</param>
/// <param name="Validation">Of the reported parameters: the best checkpoint's where there is one, else the last.</param>
/// <param name="Error">Where status is Failed.</param>
public sealed record RunSummary(
    string Name,
    RunStatus Status,
    int Steps,
    int Epochs,
    long Rows,
    double Seconds,
    double SamplesPerSecond,
    int Workers,
    string? ParametersSha256,
    int? BestStep,
    IReadOnlyList<TaskMetrics> Validation,
    IReadOnlyList<TaskMetrics> Test,
    string? Error)
{
    /// <summary>Where workers do not wait for each other; null: they do, or no update was made.</summary>
    public StalenessSummary? Staleness { get; init; }

    /// <summary>Messages of workers that were lost which came when the run had gone on without them; null: no worker was lost.</summary>
    public long? LateMessagesRefused { get; init; }
}

/// <summary>How many updates of other workers lay between an update and the parameters it was computed from.</summary>
/// <param name="Mean">Over all updates of this run since it was started or resumed.</param>
public sealed record StalenessSummary(double Mean, int Max);
