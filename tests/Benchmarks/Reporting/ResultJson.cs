using System.Text.Json;

namespace DistMtl.Benchmarks.Reporting;

/// <summary>For programs (<c>--json</c>): a list of ratios.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Write(TextWriter output, Results results) => output.WriteLine(JsonSerializer.Serialize(
        Ratio.All.Select(ratio => new Line(ratio.What, results.Of(ratio) is { } spread ? Math.Round(spread.Median, 3) : null, null, null)), Options));

    /// <param name="Value">The median over the rounds; null where it is not available.</param>
    /// <param name="Bar">What the value must reach; null where there is no bar.</param>
    /// <param name="Met">Null where there is no bar, or no value.</param>
    private sealed record Line(string What, double? Value, double? Bar, bool? Met);
}
