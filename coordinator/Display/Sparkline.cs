namespace DistMtl.Coordinator.Display;

/// <summary>A course of numbers as a line of bars.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>At most <paramref name="width"/> letters, the lowest number the lowest bar.</summary>
    public static string Of(IReadOnlyList<double> points, int width)
    {
        var count = Math.Min(points.Count, width);
        if (count == 0)
            return "";
        var (low, high) = (points.Min(), points.Max());
        return string.Create(count, points, (letters, all) =>
        {
            for (var i = 0; i < letters.Length; i++)
            {
                var point = all[(int)((long)(i + 1) * all.Count / letters.Length) - 1];
                letters[i] = high > low ? Bars[(int)((point - low) / (high - low) * (Bars.Length - 1))] : Bars[0];
            }
        });
    }
}
