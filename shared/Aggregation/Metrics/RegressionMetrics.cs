using DistMtl.Protocol.Runs;

namespace DistMtl.Aggregation.Metrics;

/// <summary>Root of the mean squared error, in the label's own unit, and calibration.</summary>
internal static class RegressionMetrics
{
    public static Dictionary<string, double?> Compute(ReadOnlySpan<float> predictions_B, ReadOnlySpan<float> labels_B)
    {
        var (rows, squareSum, predictionSum, labelSum) = (0L, 0.0, 0.0, 0.0);
        for (var row = 0; row < labels_B.Length; row++)
        {
            if (float.IsNaN(labels_B[row]))
                continue;
            double prediction = predictions_B[row];
            var error = prediction - labels_B[row];
            rows++;
            squareSum += error * error;
            predictionSum += prediction;
            labelSum += labels_B[row];
        }
        return Named(rows, squareSum, predictionSum, labelSum);
    }

    public static Dictionary<string, double?> Constant(double mean, ReadOnlySpan<float> labels_B)
    {
        var (rows, squareSum, labelSum) = (0L, 0.0, 0.0);
        foreach (var label in labels_B)
        {
            if (float.IsNaN(label))
                continue;
            var error = mean - label;
            rows++;
            squareSum += error * error;
            labelSum += label;
        }
        return Named(rows, squareSum, mean * rows, labelSum);
    }

    private static Dictionary<string, double?> Named(long rows, double squareSum, double predictionSum, double labelSum) => new()
    {
        [MetricNames.Rmse] = Math.Sqrt(squareSum / rows),
        [MetricNames.Calibration] = Probability.Calibration(predictionSum, labelSum),
    };
}
