using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>What the JSON files of a run have in common: camel-case words, null for numbers that are not finite.</summary>
internal static class JsonText
{
    // Task names in any script stay readable; these files are no HTML.
    private static readonly JsonWriterOptions _line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions _indented = _line with { Indented = true, NewLine = "\n" };

    /// <summary>To read by: what stands twice is damage.</summary>
    public static JsonDocumentOptions Strict => new() { AllowDuplicateProperties = false };

    public static string Of(Action<Utf8JsonWriter> write, bool indented = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, indented ? _indented : _line))
            write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static string LowerCamel<T>(T value) where T : struct, Enum =>
        JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <exception cref="FormatException">No such value.</exception>
    public static T FromLowerCamel<T>(string text) where T : struct, Enum =>
        Enum.GetValues<T>().Cast<T?>().FirstOrDefault(value => LowerCamel(value!.Value) == text)
        ?? throw new FormatException($"'{text}' is none of {string.Join(", ", Enum.GetValues<T>().Select(LowerCamel))}");

    /// <summary>Reads a line that something else may have damaged; false: it is no JSON, or says other things.</summary>
    public static bool TryRead<T>(string text, Func<JsonElement, T> read, [MaybeNullWhen(false)] out T value)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            value = read(document.RootElement);
            return true;
        }
        catch (Exception e) when (IsUnexpected(e))
        {
            value = default;
            return false;
        }
    }

    /// <summary>Whether an exception says that a text is not the JSON that was looked for.</summary>
    public static bool IsUnexpected(Exception e) =>
        e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException;

    public static double? NumberOrNull(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetDouble();

    /// <summary>Numbers by the names of metrics.</summary>
    /// <exception cref="ArgumentException">There is no such metric, or a name stands twice.</exception>
    public static Dictionary<string, double?> Metrics(IEnumerable<JsonProperty> properties)
    {
        var metrics = properties.ToDictionary(property => property.Name, property => NumberOrNull(property.Value));
        foreach (var name in metrics.Keys)
            _ = MetricNames.Direction(name);
        return metrics;
    }

    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    public static void WriteRounded(this Utf8JsonWriter json, string name, double value, int digits) =>
        json.WriteNumberOrNull(name, double.IsFinite(value) ? Math.Round(value, digits) : null);

    public static void WriteMetrics(this Utf8JsonWriter json, string name, IReadOnlyDictionary<string, double?> metrics)
    {
        json.WriteStartObject(name);
        foreach (var (metric, value) in metrics)
            json.WriteNumberOrNull(metric, value);
        json.WriteEndObject();
    }
}
