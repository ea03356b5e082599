using DistMtl.Protocol.Runs;

namespace DistMtl.Aggregation.Metrics;

/// <summary>AUC, log loss, accuracy at 0.5 (a probability of exactly 0.5 says 1) and calibration.</summary>
internal static class BinaryMetrics
{
    public static Dictionary<string, double?> Compute(ReadOnlySpan<float> predictions_B, ReadOnlySpan<float> labels_B)
    {
        var (rows, correct) = (0L, 0L);
        var (lossSum, predictionSum, labelSum) = (0.0, 0.0, 0.0);
        for (var row = 0; row < labels_B.Length; row++)
        {
            if (float.IsNaN(labels_B[row]))
                continue;
            double probability = predictions_B[row];
            var isPositive = labels_B[row] == 1;
            rows++;
            correct += (probability >= 0.5) == isPositive ? 1 : 0;
            lossSum += Probability.LogLoss(isPositive ? probability : 1 - probability);
            predictionSum += probability;
            labelSum += labels_B[row];
        }
        return Named(Auc(predictions_B, labels_B), lossSum / rows, (double)correct / rows, Probability.Calibration(predictionSum, labelSum));
    }

    public static Dictionary<string, double?> Constant(double rate, ReadOnlySpan<float> labels_B)
    {
        var (rows, positives) = (0L, 0L);
        foreach (var label in labels_B)
        {
            rows += float.IsNaN(label) ? 0 : 1;
            positives += label == 1 ? 1 : 0;
        }
        var negatives = rows - positives;
        var lossSum = positives * Probability.LogLoss(rate) + negatives * Probability.LogLoss(1 - rate);
        return Named(
            positives == 0 || negatives == 0 ? null : 0.5,
            lossSum / rows,
            (double)(rate >= 0.5 ? positives : negatives) / rows,
            Probability.Calibration(rate * rows, positives));
    }

    private static Dictionary<string, double?> Named(double? auc, double logLoss, double accuracy, double? calibration) => new()
    {
        [MetricNames.Auc] = auc,
        [MetricNames.LogLoss] = logLoss,
        [MetricNames.Accuracy] = accuracy,
        [MetricNames.Calibration] = calibration,
    };

    /// <summary>
    /// The share of pairs (one positive, one negative) that the predictions order rightly, ties counted half, by the sum
    /// of the positives' average ranks (Mann and Whitney 1947); null where a class is missing.
    /// </summary>
    private static double? Auc(ReadOnlySpan<float> predictions_B, ReadOnlySpan<float> labels_B)
    {
        var (scores, labels) = (new List<float>(labels_B.Length), new List<float>(labels_B.Length));
        for (var row = 0; row < labels_B.Length; row++)
        {
            if (float.IsNaN(labels_B[row]))
                continue;
            scores.Add(predictions_B[row]);
            labels.Add(labels_B[row]);
        }
        var (sorted, classes) = (scores.ToArray(), labels.ToArray());
        Array.Sort(sorted, classes);

        // Ranks are halves of integers: their sum is exact in double far beyond any number of rows.
        var (rankSum, positives) = (0.0, 0L);
        for (var start = 0; start < sorted.Length;)
        {
            var (end, tied) = (start, 0L);
            for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
                tied += classes[end] == 1 ? 1 : 0;
            rankSum += tied * ((start + 1 + end) / 2.0);
            positives += tied;
            start = end;
        }
        var negatives = sorted.Length - positives;
        if (positives == 0 || negatives == 0)
            return null;
        return (rankSum - positives * (positives + 1) / 2.0) / ((double)positives * negatives);
    }
}
