namespace DistMtl.Aggregation.Metrics;

/// <summary>What the metrics of probabilities share.</summary>
internal static class Probability
{
    /// <summary>Of one float near 1: a smaller bound would not be visible in predictions that are floats.</summary>
    private const double Margin = 1e-7;

    /// <summary>-log of the probability, kept within [1e-7, 1 - 1e-7] so that one sure error does not make it infinite.</summary>
    public static double LogLoss(double probability) => -Math.Log(Math.Clamp(probability, Margin, 1 - Margin));

    /// <summary>Mean prediction over mean label; null where the mean label is 0.</summary>
    public static double? Calibration(double predictionSum, double labelSum) =>
        labelSum == 0 ? null : predictionSum / labelSum;
}
