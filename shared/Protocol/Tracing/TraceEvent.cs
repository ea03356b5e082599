using System.Diagnostics;
using System.Text.Json;

namespace DistMtl.Protocol.Tracing;

/// <summary>One span of time that is over.</summary>
/// <param name="Lane">What it shares a row of the picture with.</param>
/// <param name="Start">Microseconds since 1970, UTC, by the clock of its machine.</param>
/// <param name="Duration">Microseconds.</param>
/// <param name="Step">1 for the first; null: of no step.</param>
/// <param name="Shard">Null: of no single shard.</param>
/// <param name="Server">Index of the parameter server whose it is; null: the process's own.</param>
public readonly record struct TraceEvent(string Name, string Lane, long Start, long Duration, int? Step, int? Shard, int? Server)
{
    public static TraceEvent Of(Activity activity) => new(
        activity.OperationName,
        activity.GetTagItem(TraceSource.LaneTag) as string ?? activity.OperationName,
        (activity.StartTimeUtc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
        activity.Duration.Ticks / TimeSpan.TicksPerMicrosecond,
        activity.GetTagItem(TraceSource.StepTag) as int?,
        activity.GetTagItem(TraceSource.ShardTag) as int?,
        activity.GetTagItem(TraceSource.ServerTag) as int?);

    /// <summary>As a frame's payload: JSON in UTF-8.</summary>
    public static byte[] Write(IReadOnlyList<TraceEvent> events) => JsonSerializer.SerializeToUtf8Bytes(events);

    /// <exception cref="InvalidDataException">It is no such list.</exception>
    public static IReadOnlyList<TraceEvent> Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            var events = JsonSerializer.Deserialize<TraceEvent[]>(payload);
            return events is not null && events.All(item => item is { Name: not null, Lane: not null })
                ? events
                : throw new InvalidDataException("a trace has an event without name or lane");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"these are no trace events: {e.Message}", e);
        }
    }
}
