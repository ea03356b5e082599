using DistMtl.Benchmarks.Reporting;

namespace DistMtl.Benchmarks.Servers;

/// <summary>One line of <c>--json</c>.</summary>
/// <param name="Value">The median over the rounds.</param>
/// <param name="Bar">What the value must reach; null where there is no bar.</param>
/// <param name="Met">Null where there is no bar.</param>
internal sealed record BarLine(string What, double Value, double? Bar, bool? Met)
{
    /// <exception cref="ArgumentException">No value.</exception>
    public static BarLine Of(string what, IReadOnlyList<double> values, double? bar)
    {
        var median = Spread.Of(values)?.Median ?? throw new ArgumentException($"'{what}' was never measured", nameof(values));
        return new BarLine(what, Math.Round(median, 3), bar, bar is null ? null : median >= bar);
    }
}
