using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistMtl.Benchmarks.Bars;
using Spectre.Console;

namespace DistMtl.Benchmarks.Reporting;

/// <summary>The bars and what was measured, for people and for programs.</summary>
internal static class BarReport
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A list of {what, value, bar, met}.</summary>
    public static void WriteJson(TextWriter output, IReadOnlyList<BarResult> results) => output.WriteLine(JsonSerializer.Serialize(results.Select(Rounded), s_json));

    public static void WriteTable(IReadOnlyList<BarResult> results)
    {
        var table = new Table().Border(TableBorder.Markdown);
        table.AddColumn("what", column => column.NoWrap());
        table.AddColumn("value", column => column.RightAligned());
        table.AddColumn("bar", column => column.RightAligned());
        table.AddColumn("");
        foreach (var result in results)
            table.AddRow(Markup.Escape(result.What), Text(result.Value), $"{Sign(result.Side)} {Text(result.Bar)}", result.Met switch { true => "met", false => "missed", null => "not measured" });
        // A pipe has no width; lines that are broken would be no table.
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 140);
        AnsiConsole.Write(table);
    }

    private static BarResult Rounded(BarResult result) => result with { Value = result.Value is { } value ? Round(value) : null };

    private static string Text(double? value) => value is { } number ? Round(number).ToString("0.#####", CultureInfo.InvariantCulture) : "";

    /// <summary>Small numbers keep the places that their bars have.</summary>
    private static double Round(double value) => Math.Round(value, Math.Abs(value) < 0.1 ? 5 : 3);

    private static string Sign(BarSide side) => side switch
    {
        BarSide.AtLeast => ">=",
        BarSide.AtMost => "<=",
        _ => "<",
    };
}
