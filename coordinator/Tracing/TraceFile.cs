using System.Globalization;
using System.Text.Json;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Tracing;

namespace DistMtl.Coordinator.Tracing;

/// <summary>What one process has told of.</summary>
/// <param name="Name">Of the process.</param>
/// <param name="Dropped">Earlier ones, for which it had no room.</param>
internal sealed record ProcessTrace(string Name, IReadOnlyList<TraceEvent> Events, long Dropped);

/// <summary>
/// A trace as chrome://tracing and Perfetto read it: the JSON object format of "Trace Event Format" (Duffy, Sinclair and
/// others, Google), complete events ("X") in the order of their beginnings, times in microseconds since the first.
/// </summary>
internal static class TraceFile
{
    /// <exception cref="JobException">It can't be written there.</exception>
    public static void Check(string path)
    {
        try
        {
            var isNew = !File.Exists(path);
            new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (isNew)
                File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new JobException($"--trace: '{path}' can't be written: {e.Message}", inner: e);
        }
    }

    /// <param name="missing">Processes that did not tell.</param>
    public static void Write(string path, IReadOnlyList<ProcessTrace> processes, IReadOnlyList<string> missing) =>
        AtomicFile.Write(path, stream => Write(stream, processes, missing));

    /// <inheritdoc cref="Write(string, IReadOnlyList{ProcessTrace}, IReadOnlyList{string})"/>
    public static void Write(Stream stream, IReadOnlyList<ProcessTrace> processes, IReadOnlyList<string> missing)
    {
        var placed = Place(processes);
        var first = placed.Count == 0 ? 0 : placed[0].Event.Start;
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartObject("otherData");
        json.WriteString("begin", DateTime.UnixEpoch.AddMicroseconds(first).ToString("O", CultureInfo.InvariantCulture));
        json.WriteNumber("dropped", processes.Sum(process => process.Dropped));
        json.WriteString("missing", string.Join(", ", missing));
        json.WriteEndObject();
        json.WriteStartArray("traceEvents");
        foreach (var (place, name) in placed.Select(item => ((item.Process, Thread: 0), item.ProcessName)).Distinct())
            WriteName(json, "process_name", place, name);
        foreach (var (place, name) in placed.Select(item => ((item.Process, item.Thread), item.ThreadName)).Distinct())
            WriteName(json, "thread_name", place, name);
        foreach (var item in placed)
            WriteEvent(json, item, first);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// Gives each event a row of its process, in the order of beginnings. A viewer wants the events of one row nested or apart,
    /// but what is awaited overlaps: a lane has as many rows as it has events at one time.
    /// </summary>
    private static List<Placed> Place(IReadOnlyList<ProcessTrace> processes)
    {
        var all = processes
            .SelectMany(process => process.Events.Select(item => (Process: item.Server is { } server ? FormattableString.Invariant($"server {server} on {process.Name}") : process.Name, Event: item)))
            .OrderBy(item => item.Event.Start).ThenByDescending(item => item.Event.Duration).ThenBy(item => item.Process, StringComparer.Ordinal).ToList();
        var numbers = all.Select(item => item.Process).Distinct().Order(StringComparer.Ordinal).Select((name, index) => (name, index)).ToDictionary(item => item.name, item => item.index + 1);
        var (lanes, threads) = (new Dictionary<(string Process, string Lane), List<(int Thread, long End)>>(), new Dictionary<string, int>());
        var placed = new List<Placed>(all.Count);
        foreach (var (process, item) in all)
        {
            if (!lanes.TryGetValue((process, item.Lane), out var rows))
                lanes[(process, item.Lane)] = rows = [];
            var row = rows.FindIndex(candidate => candidate.End <= item.Start);
            if (row < 0)
            {
                threads[process] = threads.GetValueOrDefault(process) + 1;
                row = rows.Count;
                rows.Add((threads[process], 0));
            }
            rows[row] = (rows[row].Thread, item.Start + item.Duration);
            var name = row == 0 ? item.Lane : FormattableString.Invariant($"{item.Lane} {row + 1}");
            placed.Add(new Placed(numbers[process], process, rows[row].Thread, name, item));
        }
        return placed;
    }

    private static void WriteName(Utf8JsonWriter json, string what, (int Process, int Thread) place, string name)
    {
        json.WriteStartObject();
        json.WriteString("ph", "M");
        json.WriteString("name", what);
        json.WriteNumber("pid", place.Process);
        json.WriteNumber("tid", place.Thread);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteEvent(Utf8JsonWriter json, Placed item, long first)
    {
        json.WriteStartObject();
        json.WriteString("ph", "X");
        json.WriteString("name", item.Event.Name);
        json.WriteString("cat", item.Event.Lane);
        json.WriteNumber("pid", item.Process);
        json.WriteNumber("tid", item.Thread);
        json.WriteNumber("ts", item.Event.Start - first);
        json.WriteNumber("dur", item.Event.Duration);
        json.WriteStartObject("args");
        if (item.Event.Step is { } step)
            json.WriteNumber("step", step);
        if (item.Event.Shard is { } shard)
            json.WriteNumber("shard", shard);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private readonly record struct Placed(int Process, string ProcessName, int Thread, string ThreadName, TraceEvent Event);
}
