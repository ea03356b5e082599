using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Aggregation.Metrics;

/// <summary>The metrics of one task on one split: exact, in double, over all rows that have the label.</summary>
public static class TaskMetricsCalculator
{
    /// <summary>Computes a task's metrics and, beside them, those of a constant predictor, the bar to clear.</summary>
    /// <param name="predictions_BC">
    /// Binary: probabilities (B). Multiclass: probabilities (B x C, row after row). Regression: B, in the label's own unit.
    /// </param>
    /// <param name="labels_B">NaN: the row has no label and is skipped. Binary 0 or 1, multiclass the class's number.</param>
    /// <param name="constant_C">
    /// What the constant predictor always says. Binary: the training rate (1). Multiclass: the training rates of the
    /// classes (C). Regression: the mean training label (1).
    /// </param>
    /// <exception cref="ArgumentException">Lengths that do not fit, a label outside its range, a prediction that is not a number.</exception>
    public static TaskMetrics Compute(
        string task,
        TaskKind kind,
        ReadOnlySpan<float> predictions_BC,
        ReadOnlySpan<float> labels_B,
        ReadOnlySpan<double> constant_C)
    {
        var width = kind == TaskKind.Multiclass ? constant_C.Length : 1;
        if (constant_C.Length != width || width == 0 || predictions_BC.Length != (long)labels_B.Length * width)
            throw new ArgumentException(
                $"task '{task}' ({kind}): {predictions_BC.Length} predictions and a constant of {constant_C.Length} do not fit {labels_B.Length} labels",
                nameof(predictions_BC));
        var labels = 0L;
        for (var row = 0; row < labels_B.Length; row++)
        {
            if (float.IsNaN(labels_B[row]))
                continue;
            labels++;
            CheckRow(task, kind, row, predictions_BC.Slice(row * width, width), labels_B[row]);
        }
        var values = labels == 0 ? Undefined(kind) : kind switch
        {
            TaskKind.Binary => BinaryMetrics.Compute(predictions_BC, labels_B),
            TaskKind.Multiclass => MulticlassMetrics.Compute(predictions_BC, labels_B, width),
            _ => RegressionMetrics.Compute(predictions_BC, labels_B),
        };
        var constant = labels == 0 ? Undefined(kind) : kind switch
        {
            TaskKind.Binary => BinaryMetrics.Constant(constant_C[0], labels_B),
            TaskKind.Multiclass => MulticlassMetrics.Constant(constant_C, labels_B),
            _ => RegressionMetrics.Constant(constant_C[0], labels_B),
        };
        return new TaskMetrics(task, kind, labels, values, constant);
    }

    private static void CheckRow(string task, TaskKind kind, int row, ReadOnlySpan<float> prediction_C, float label)
    {
        foreach (var prediction in prediction_C)
        {
            if (!float.IsFinite(prediction))
                throw new ArgumentException($"task '{task}': the prediction of row {row} is {prediction}", nameof(prediction_C));
        }
        var valid = kind switch
        {
            TaskKind.Binary => label is 0 or 1,
            TaskKind.Multiclass => label >= 0 && label < prediction_C.Length && label == MathF.Floor(label),
            _ => float.IsFinite(label),
        };
        if (!valid)
            throw new ArgumentException($"task '{task}' ({kind}): the label of row {row} is {label}", nameof(label));
    }

    private static Dictionary<string, double?> Undefined(TaskKind kind) =>
        MetricNames.Of(kind).ToDictionary(name => name, _ => (double?)null);
}
