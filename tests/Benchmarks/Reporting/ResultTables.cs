using System.Globalization;
using Spectre.Console;

namespace DistMtl.Benchmarks.Reporting;

/// <summary>For people: the speeds, which are this minute's, and the ratios, which are what counts.</summary>
internal static class ResultTables
{
    private const string NotAvailable = "not available";

    public static void Write(Results results)
    {
        Write("samples per second", results.Contestants.Select(contestant => (contestant, results.Of(contestant))), "#,##0");
        Write("ratio", Ratio.All.Select(ratio => (ratio.What, results.Of(ratio))), "0.00");
        if (results.Unavailable is { } reason)
            AnsiConsole.MarkupLineInterpolated($"{NotAvailable}: {reason}");
    }

    private static void Write(string title, IEnumerable<(string What, Spread? Spread)> rows, string format)
    {
        var table = new Table().Border(TableBorder.Markdown);
        table.AddColumn(title);
        table.AddColumn("median", column => column.RightAligned());
        table.AddColumn("min", column => column.RightAligned());
        table.AddColumn("max", column => column.RightAligned());
        foreach (var (what, spread) in rows)
        {
            if (spread is { } s)
                table.AddRow(Markup.Escape(what), Text(s.Median), Text(s.Min), Text(s.Max));
            else
                table.AddRow(Markup.Escape(what), NotAvailable, "", "");
        }
        AnsiConsole.Write(table);

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
