namespace DistMtl.Benchmarks.Reporting;

/// <summary>A measurement repeated: its middle, and how far the repetitions lie apart.</summary>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <returns>Null of nothing.</returns>
    public static Spread? Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
            return null;
        double[] sorted = [.. values.Order()];
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}
