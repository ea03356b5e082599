using System.Text.Json;

namespace DistMtl.Benchmarks;

/// <summary>One line that a run with <c>--json</c> prints.</summary>
/// <param name="Kind">Of the event.</param>
/// <param name="Step">Null: the event is of none.</param>
/// <param name="Seconds">By the run's own clock.</param>
/// <param name="Rows">Of the step's batch; 0: the event has none.</param>
internal sealed record RunLine(string Kind, int? Step, double Seconds, int Rows)
{
    /// <returns>Null: the line is no event, and no concern of a measurement.</returns>
    public static RunLine? Parse(string line)
    {
        if (!line.StartsWith('{'))
            return null;
        using var document = JsonDocument.Parse(line);
        var e = document.RootElement;
        return new RunLine(
            e.GetProperty("kind").GetString()!, e.TryGetProperty("step", out var step) ? step.GetInt32() : null,
            e.TryGetProperty("seconds", out var seconds) ? seconds.GetDouble() : 0, e.TryGetProperty("rows", out var rows) ? rows.GetInt32() : 0);
    }
}
