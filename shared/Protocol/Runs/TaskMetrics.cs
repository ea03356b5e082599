using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Runs;

/// <summary>The metrics of one task on one split, exact over all workers.</summary>
/// <param name="Labels">Number of rows that have this label.</param>
/// <param name="Values">By metric name (<see cref="MetricNames"/>); null where undefined (an AUC with one class).</param>
/// <param name="Constant">The same metrics of the predictor that always says the mean (or the majority class) of the training labels.</param>
public sealed record TaskMetrics(
    string Task,
    TaskKind Kind,
    long Labels,
    IReadOnlyDictionary<string, double?> Values,
    IReadOnlyDictionary<string, double?> Constant);

/// <summary>Names of the metrics, as in <c>summary.json</c> and in <c>training.earlyStopping.metric</c>.</summary>
public static class MetricNames
{
    public const string Auc = "auc";
    public const string LogLoss = "logLoss";
    public const string Accuracy = "accuracy";
    public const string Rmse = "rmse";

    /// <summary>Mean prediction over mean label; 1 is best.</summary>
    public const string Calibration = "calibration";

    /// <summary>The metrics that a task of this kind has, in the order in which tables show them.</summary>
    public static IReadOnlyList<string> Of(TaskKind kind) => kind switch
    {
        TaskKind.Binary => [Auc, LogLoss, Accuracy, Calibration],
        TaskKind.Multiclass => [LogLoss, Accuracy],
        TaskKind.Regression => [Rmse, Calibration],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>1 where more is better, -1 where less is better, 0 where neither orders models (calibration).</summary>
    public static int Direction(string metric) => metric switch
    {
        Auc or Accuracy => 1,
        LogLoss or Rmse => -1,
        Calibration => 0,
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, null),
    };
}
