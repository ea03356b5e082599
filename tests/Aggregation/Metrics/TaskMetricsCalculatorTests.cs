using DistMtl.Aggregation.Metrics;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Aggregation.Tests.Metrics;

public sealed class TaskMetricsCalculatorTests
{
    private static TaskMetrics Binary(float[] predictions, float[] labels, double rate = 0.25) =>
        TaskMetricsCalculator.Compute("ctr", TaskKind.Binary, predictions, labels, [rate]);

    [Fact]
    public void Binary_metrics_are_scikit_learns()
    {
        // roc_auc_score, log_loss, accuracy_score of the textbook example y = [0, 0, 1, 1].
        var metrics = Binary([0.1f, 0.4f, 0.35f, 0.8f], [0, 0, 1, 1]);
        Assert.Equal(4, metrics.Labels);
        Assert.Equal(0.75, metrics.Values[MetricNames.Auc]);
        Assert.Equal(-(Math.Log(0.9) + Math.Log(0.6) + Math.Log(0.35) + Math.Log(0.8)) / 4, metrics.Values[MetricNames.LogLoss]!.Value, 1e-7);
        Assert.Equal(0.75, metrics.Values[MetricNames.Accuracy]);
        Assert.Equal(1.65 / 2, metrics.Values[MetricNames.Calibration]!.Value, 1e-7);
    }

    [Fact]
    public void Ties_count_half_in_the_AUC()
    {
        Assert.Equal(0.5, Binary([0.3f, 0.3f, 0.3f], [0, 1, 0]).Values[MetricNames.Auc]);
        // Pairs: (0.5 > 0.2) right, (0.5 = 0.5) half, (0.2 = 0.2) half, (0.2 < 0.5) wrong.
        Assert.Equal(0.5, Binary([0.5f, 0.2f, 0.2f, 0.5f], [1, 0, 1, 0]).Values[MetricNames.Auc]);
        Assert.Equal(0.875, Binary([0.9f, 0.5f, 0.5f, 0.1f], [1, 1, 0, 0]).Values[MetricNames.Auc]);
    }

    [Fact]
    public void The_AUC_is_the_share_of_rightly_ordered_pairs()
    {
        var random = new StableRandom(3);
        var predictions = new float[300];
        var labels = new float[300];
        for (var i = 0; i < 300; i++)
        {
            predictions[i] = random.Next(40) / 40f;
            labels[i] = random.NextDouble() < 0.2 + 0.4 * predictions[i] ? 1 : 0;
        }
        var (right, pairs) = (0.0, 0);
        for (var i = 0; i < 300; i++)
        {
            for (var j = 0; j < 300; j++)
            {
                if (labels[i] != 1 || labels[j] != 0)
                    continue;
                pairs++;
                right += predictions[i] > predictions[j] ? 1 : predictions[i] == predictions[j] ? 0.5 : 0;
            }
        }
        Assert.Equal(right / pairs, Binary(predictions, labels).Values[MetricNames.Auc]!.Value, 1e-14);
    }

    [Fact]
    public void A_single_class_has_no_AUC_and_no_positives_no_calibration()
    {
        var metrics = Binary([0.2f, 0.4f], [0, 0]);
        Assert.Null(metrics.Values[MetricNames.Auc]);
        Assert.Null(metrics.Constant[MetricNames.Auc]);
        Assert.Null(metrics.Values[MetricNames.Calibration]);
        Assert.Equal(1, metrics.Values[MetricNames.Accuracy]);
    }

    [Fact]
    public void A_row_without_label_is_masked_whatever_its_prediction()
    {
        var masked = Binary([0.1f, float.NaN, 0.4f, 0.35f, 0.9f, 0.8f], [0, float.NaN, 0, 1, float.NaN, 1]);
        var plain = Binary([0.1f, 0.4f, 0.35f, 0.8f], [0, 0, 1, 1]);
        Assert.Equal(plain.Labels, masked.Labels);
        Assert.Equal(plain.Values, masked.Values);
        Assert.Equal(plain.Constant, masked.Constant);
    }

    [Fact]
    public void A_sure_error_costs_much_but_not_infinitely_much()
    {
        var metrics = Binary([0, 1], [1, 1]);
        Assert.Equal(-Math.Log(1e-7) / 2, metrics.Values[MetricNames.LogLoss]!.Value, 1e-6);
    }

    [Fact]
    public void The_constant_predictor_says_the_training_rate()
    {
        var constant = Binary([0.1f, 0.4f, 0.35f, 0.8f], [0, 0, 1, 1]).Constant;
        Assert.Equal(0.5, constant[MetricNames.Auc]);
        Assert.Equal(-(Math.Log(0.25) + Math.Log(0.75)) / 2, constant[MetricNames.LogLoss]!.Value, 1e-15);
        Assert.Equal(0.5, constant[MetricNames.Accuracy]);
        Assert.Equal(0.5, constant[MetricNames.Calibration]);
    }

    [Theory]
    [InlineData(TaskKind.Binary, 1)]
    [InlineData(TaskKind.Multiclass, 3)]
    [InlineData(TaskKind.Regression, 1)]
    public void Without_a_label_every_metric_is_undefined(TaskKind kind, int width)
    {
        var metrics = TaskMetricsCalculator.Compute("t", kind, new float[2 * width], [float.NaN, float.NaN], new double[width]);
        Assert.Equal(0, metrics.Labels);
        Assert.Equal(MetricNames.Of(kind), metrics.Values.Keys);
        Assert.All(metrics.Values.Values.Concat(metrics.Constant.Values), value => Assert.Null(value));
    }

    [Fact]
    public void Multiclass_metrics_are_scikit_learns()
    {
        float[] predictions = [0.7f, 0.2f, 0.1f, 0.3f, 0.3f, 0.4f, 0, 0.5f, 0.5f];
        var metrics = TaskMetricsCalculator.Compute("variety", TaskKind.Multiclass, predictions, [0, 1, 1], [0.2, 0.5, 0.3]);
        Assert.Equal(-(Math.Log(0.7) + Math.Log(0.3) + Math.Log(0.5)) / 3, metrics.Values[MetricNames.LogLoss]!.Value, 1e-7);
        Assert.Equal(2 / 3.0, metrics.Values[MetricNames.Accuracy]);
        Assert.Equal(-(Math.Log(0.2) + 2 * Math.Log(0.5)) / 3, metrics.Constant[MetricNames.LogLoss]!.Value, 1e-15);
        Assert.Equal(2 / 3.0, metrics.Constant[MetricNames.Accuracy]);
    }

    [Fact]
    public void Regression_metrics_are_in_the_labels_unit()
    {
        var metrics = TaskMetricsCalculator.Compute("rating", TaskKind.Regression, [2.5f, 0, 2, 8], [3, -0.5f, 2, 7], [3]);
        Assert.Equal(Math.Sqrt(0.375), metrics.Values[MetricNames.Rmse]!.Value, 1e-15);
        Assert.Equal(12.5 / 11.5, metrics.Values[MetricNames.Calibration]!.Value, 1e-15);
        Assert.Equal(Math.Sqrt((0 + 12.25 + 1 + 16) / 4), metrics.Constant[MetricNames.Rmse]!.Value, 1e-15);
        Assert.Equal(12 / 11.5, metrics.Constant[MetricNames.Calibration]!.Value, 1e-15);
    }

    [Fact]
    public void What_cannot_be_is_refused_by_task_and_row()
    {
        var error = Assert.Throws<ArgumentException>(() => Binary([0.1f, float.NaN], [0, 1]));
        Assert.Contains("task 'ctr': the prediction of row 1 is NaN", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Binary([0.1f], [2]));
        Assert.Throws<ArgumentException>(() => Binary([0.1f], [0, 1]));
        Assert.Throws<ArgumentException>(() => TaskMetricsCalculator.Compute("v", TaskKind.Multiclass, [0.5f, 0.5f], [2], [0.5, 0.5]));
    }
}
