using System.Numerics.Tensors;
using DistMtl.Protocol.Runs;

namespace DistMtl.Aggregation.Metrics;

/// <summary>Log loss and accuracy of the most probable class (the first of equals).</summary>
internal static class MulticlassMetrics
{
    public static Dictionary<string, double?> Compute(ReadOnlySpan<float> predictions_BC, ReadOnlySpan<float> labels_B, int classes)
    {
        var (rows, correct, lossSum) = (0L, 0L, 0.0);
        for (var row = 0; row < labels_B.Length; row++)
        {
            if (float.IsNaN(labels_B[row]))
                continue;
            var prediction_C = predictions_BC.Slice(row * classes, classes);
            var label = (int)labels_B[row];
            rows++;
            correct += TensorPrimitives.IndexOfMax(prediction_C) == label ? 1 : 0;
            lossSum += Probability.LogLoss(prediction_C[label]);
        }
        return Named(lossSum / rows, (double)correct / rows);
    }

    public static Dictionary<string, double?> Constant(ReadOnlySpan<double> rates_C, ReadOnlySpan<float> labels_B)
    {
        var counts_C = new long[rates_C.Length];
        foreach (var label in labels_B)
        {
            if (!float.IsNaN(label))
                counts_C[(int)label]++;
        }
        var (rows, lossSum) = (counts_C.Sum(), 0.0);
        for (var c = 0; c < rates_C.Length; c++)
            lossSum += counts_C[c] * Probability.LogLoss(rates_C[c]);
        return Named(lossSum / rows, (double)counts_C[TensorPrimitives.IndexOfMax(rates_C)] / rows);
    }

    private static Dictionary<string, double?> Named(double logLoss, double accuracy) => new()
    {
        [MetricNames.LogLoss] = logLoss,
        [MetricNames.Accuracy] = accuracy,
    };
}
