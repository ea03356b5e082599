using System.Text.Json.Serialization;

namespace DistMtl.Benchmarks.Bars;

/// <summary>One line of the result.</summary>
/// <param name="Value">Null where it could not be measured; standard error says why.</param>
/// <param name="Met">Null where there is no value.</param>
internal sealed record BarResult(string What, double? Value, double Bar, bool? Met)
{
    [JsonIgnore]
    public BarSide Side { get; init; }
}
