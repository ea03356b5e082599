using System.Text.Json;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary>Reads <c>{"gradients": [[...], [...]]}</c>: one row of equal length for each task.</summary>
internal static class JacobianFile
{
    /// <returns>T rows of P finite numbers; T and P are at least 1.</returns>
    /// <exception cref="JobException">The file is missing or holds something else.</exception>
    public static double[][] Read(string path)
    {
        using var document = Parse(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("gradients", out var gradients))
            throw new JobException($"{path}: expected an object with the key \"gradients\"");
        if (gradients.ValueKind != JsonValueKind.Array || gradients.GetArrayLength() == 0)
            throw new JobException($"{path}: \"gradients\" must be an array with one row for each task");
        double[][] rows_TP = [.. gradients.EnumerateArray().Select((row, task) => ReadRow(path, row, task))];
        for (var task = 1; task < rows_TP.Length; task++)
        {
            if (rows_TP[task].Length != rows_TP[0].Length)
                throw new JobException($"{path}: gradients[{task}] has {rows_TP[task].Length} numbers, but gradients[0] has {rows_TP[0].Length}; all rows must be equally long");
        }
        return rows_TP;
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException error)
        {
            throw new JobException($"{path}: line {error.LineNumber + 1} is not JSON (NaN and Infinity are no JSON numbers): {error.Message}", inner: error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new JobException($"{path}: the file cannot be read: {error.Message}", inner: error);
        }
    }

    private static double[] ReadRow(string path, JsonElement row, int task)
    {
        if (row.ValueKind != JsonValueKind.Array || row.GetArrayLength() == 0)
            throw new JobException($"{path}: gradients[{task}] must be an array of numbers");
        return [.. row.EnumerateArray().Select((number, k) =>
            number.ValueKind == JsonValueKind.Number && number.TryGetDouble(out var value) && double.IsFinite(value)
                ? value
                : throw new JobException($"{path}: gradients[{task}][{k}] is {number.GetRawText()}; it must be a finite number"))];
    }
}
