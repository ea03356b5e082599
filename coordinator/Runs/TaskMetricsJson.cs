using System.Text.Json;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// What a task's metrics hold beside the numbers, as properties of an object of JSON; each is left out where there is
/// nothing to say.
/// </summary>
internal static class TaskMetricsJson
{
    private const string Reasons = "reasons";
    private const string Groups = "groups";
    private const string Confusion = "confusion";
    private const string CalibrationBuckets = "calibrationBuckets";

    public static bool HasDetails(TaskMetrics task) =>
        task.Reasons.Count > 0 || task.Groups is not null || task.Confusion is not null || task.CalibrationBuckets.Count > 0;

    /// <summary>Writes properties into the object that is open.</summary>
    public static void WriteDetails(Utf8JsonWriter json, TaskMetrics task)
    {
        if (task.Reasons.Count > 0)
        {
            json.WriteStartObject(Reasons);
            foreach (var (metric, reason) in task.Reasons)
                json.WriteString(metric, reason);
            json.WriteEndObject();
        }
        if (task.Groups is { } groups)
        {
            json.WriteStartObject(Groups);
            json.WriteNumber("total", groups.Total);
            json.WriteNumber("relevant", groups.Relevant);
            json.WriteNumber("bothClasses", groups.BothClasses);
            json.WriteEndObject();
        }
        if (task.Confusion is { } confusion)
            WriteConfusion(json, confusion);
        if (task.CalibrationBuckets.Count > 0)
            WriteBuckets(json, task.CalibrationBuckets);
    }

    /// <summary>The task with the details that <see cref="WriteDetails"/> wrote.</summary>
    /// <exception cref="KeyNotFoundException">A property is not there.</exception>
    /// <exception cref="InvalidOperationException">A property is of another kind.</exception>
    /// <exception cref="FormatException">A number is too large, or there are too few.</exception>
    public static TaskMetrics ReadDetails(JsonElement json, TaskMetrics task) => task with
    {
        Reasons = json.TryGetProperty(Reasons, out var reasons)
            ? reasons.EnumerateObject().ToDictionary(reason => reason.Name, reason => reason.Value.GetString()!)
            : task.Reasons,
        Groups = json.TryGetProperty(Groups, out var groups)
            ? new GroupCounts(groups.GetProperty("total").GetInt64(), groups.GetProperty("relevant").GetInt64(), groups.GetProperty("bothClasses").GetInt64())
            : null,
        Confusion = json.TryGetProperty(Confusion, out var confusion) ? ReadConfusion(confusion) : null,
        CalibrationBuckets = json.TryGetProperty(CalibrationBuckets, out var buckets)
            ? [.. buckets.EnumerateArray().Select(ReadBucket)]
            : task.CalibrationBuckets,
    };

    private static void WriteConfusion(Utf8JsonWriter json, ConfusionMatrix confusion)
    {
        json.WriteStartObject(Confusion);
        json.WriteStartArray("classes");
        foreach (var name in confusion.Classes)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartArray("counts");
        foreach (var row in confusion.Counts)
        {
            json.WriteStartArray();
            foreach (var count in row)
                json.WriteNumberValue(count);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteBuckets(Utf8JsonWriter json, IReadOnlyList<CalibrationBucket> buckets)
    {
        json.WriteStartArray(CalibrationBuckets);
        foreach (var bucket in buckets)
        {
            json.WriteStartObject();
            json.WriteNumber("from", bucket.From);
            json.WriteNumber("to", bucket.To);
            json.WriteNumber("count", bucket.Count);
            json.WriteNumberOrNull("meanPrediction", bucket.MeanPrediction);
            json.WriteNumberOrNull("meanLabel", bucket.MeanLabel);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static ConfusionMatrix ReadConfusion(JsonElement confusion)
    {
        IReadOnlyList<string> classes = [.. confusion.GetProperty("classes").EnumerateArray().Select(name => name.GetString()!)];
        IReadOnlyList<IReadOnlyList<long>> counts =
            [.. confusion.GetProperty("counts").EnumerateArray().Select(row => (IReadOnlyList<long>)[.. row.EnumerateArray().Select(count => count.GetInt64())])];
        return counts.Count == classes.Count && counts.All(row => row.Count == classes.Count)
            ? new ConfusionMatrix(classes, counts)
            : throw new FormatException($"the confusion matrix of {classes.Count} classes is not square");
    }

    private static CalibrationBucket ReadBucket(JsonElement bucket) => new(
        bucket.GetProperty("from").GetDouble(),
        bucket.GetProperty("to").GetDouble(),
        bucket.GetProperty("count").GetInt64(),
        JsonText.NumberOrNull(bucket.GetProperty("meanPrediction")),
        JsonText.NumberOrNull(bucket.GetProperty("meanLabel")));
}
