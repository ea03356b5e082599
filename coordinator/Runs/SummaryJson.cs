using System.Text.Json;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>The text of <c>summary.json</c>.</summary>
internal static class SummaryJson
{
    public static string Write(RunSummary summary) =>
        JsonText.Of(json => WriteObject(json, summary), indented: true) + "\n";

    public static void WriteObject(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartObject();
        json.WriteString("name", summary.Name);
        json.WriteString("status", JsonText.LowerCamel(summary.Status));
        json.WriteNumber("steps", summary.Steps);
        json.WriteNumber("epochs", summary.Epochs);
        json.WriteNumber("rows", summary.Rows);
        json.WriteRounded("seconds", summary.Seconds, 3);
        json.WriteRounded("samplesPerSecond", summary.SamplesPerSecond, 1);
        json.WriteNumber("workers", summary.Workers);
        json.WriteString("parametersSha256", summary.ParametersSha256);
        if (summary.BestStep is { } best)
            json.WriteNumber("bestStep", best);
        else
            json.WriteNull("bestStep");
        WriteSplit(json, "validation", summary.Validation);
        if (summary.Test.Count > 0)
            WriteSplit(json, "test", summary.Test);
        if (summary.LateMessagesRefused is { } refused)
            json.WriteNumber("lateMessagesRefused", refused);
        if (summary.Staleness is { } staleness)
        {
            json.WriteStartObject("staleness");
            json.WriteRounded("mean", staleness.Mean, 3);
            json.WriteNumber("max", staleness.Max);
            json.WriteEndObject();
        }
        if (summary.Error is not null)
            json.WriteString("error", summary.Error);
        json.WriteEndObject();
    }

    /// <exception cref="JobException">The file is not there, or no summary.</exception>
    public static RunSummary Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), JsonText.Strict);
            return ReadObject(document.RootElement);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException || JsonText.IsUnexpected(failure))
        {
            throw new JobException($"cannot read the summary '{path}': {failure.Message}", ExitCode.BadInput, failure);
        }
    }

    /// <summary>What <see cref="WriteObject"/> wrote; what it lacks throws as <see cref="JsonElement"/> does.</summary>
    public static RunSummary ReadObject(JsonElement root) => new(
        root.GetProperty("name").GetString()!,
        JsonText.FromLowerCamel<RunStatus>(root.GetProperty("status").GetString()!),
        root.GetProperty("steps").GetInt32(),
        root.GetProperty("epochs").GetInt32(),
        root.GetProperty("rows").GetInt64(),
        root.GetProperty("seconds").GetDouble(),
        root.GetProperty("samplesPerSecond").GetDouble(),
        root.GetProperty("workers").GetInt32(),
        root.GetProperty("parametersSha256").GetString(),
        root.GetProperty("bestStep") is { ValueKind: JsonValueKind.Number } best ? best.GetInt32() : null,
        ReadSplit(root, "validation"),
        ReadSplit(root, "test"),
        root.TryGetProperty("error", out var error) ? error.GetString() : null)
    {
        Staleness = root.TryGetProperty("staleness", out var staleness)
            ? new StalenessSummary(staleness.GetProperty("mean").GetDouble(), staleness.GetProperty("max").GetInt32())
            : null,
        LateMessagesRefused = root.TryGetProperty("lateMessagesRefused", out var refused) ? refused.GetInt64() : null,
    };

    private static void WriteSplit(Utf8JsonWriter json, string split, IReadOnlyList<TaskMetrics> tasks)
    {
        json.WriteStartObject(split);
        foreach (var task in tasks)
        {
            json.WriteStartObject(task.Task);
            json.WriteString("kind", JsonText.LowerCamel(task.Kind));
            json.WriteNumber("labels", task.Labels);
            foreach (var (metric, value) in task.Values)
                json.WriteNumberOrNull(metric, value);
            json.WriteMetrics("constant", task.Constant);
            TaskMetricsJson.WriteDetails(json, task);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static List<TaskMetrics> ReadSplit(JsonElement root, string split) =>
        root.TryGetProperty(split, out var tasks) ? [.. tasks.EnumerateObject().Select(ReadTask)] : [];

    private static TaskMetrics ReadTask(JsonProperty task)
    {
        var kind = JsonText.FromLowerCamel<TaskKind>(task.Value.GetProperty("kind").GetString()!);
        var values = JsonText.Metrics(task.Value.EnumerateObject()
            .Where(property => property.Name != "labels" && property.Value.ValueKind is JsonValueKind.Number or JsonValueKind.Null));
        var constant = JsonText.Metrics(task.Value.GetProperty("constant").EnumerateObject());
        return TaskMetricsJson.ReadDetails(
            task.Value, new TaskMetrics(task.Name, kind, task.Value.GetProperty("labels").GetInt64(), values, constant));
    }
}
