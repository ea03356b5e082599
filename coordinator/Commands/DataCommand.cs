using System.CommandLine;
using System.Globalization;
using DistMtl.Data;
using DistMtl.Protocol;
using Spectre.Console;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl data</c>: look at a file before training on it, or make one.</summary>
internal static class DataCommand
{
    private const int MaxValueWidth = 14;

    public static Command Create() => new("data", "Describes a data file, or generates one.") { Describe(), Generate() };

    private static Command Describe()
    {
        var file = new Argument<FileInfo>("file") { Description = "A CSV, TSV or Parquet file; .gz is read as it is." };
        var job = new Option<FileInfo?>("--job") { Description = "Writes the proposed job file here instead of showing it." };
        var command = new Command("describe", "Shows columns, kinds, missing and label rates, and proposes a job file.") { file, job };
        command.SetAction((arguments, cancellation) => Task.FromResult((int)Run(() =>
        {
            var description = DataDescription.Of(arguments.GetRequiredValue(file).FullName, cancellation);
            Show(AnsiConsole.Console, description);
            if (arguments.GetValue(job) is { } target)
                File.WriteAllText(target.FullName, description.JobYaml);
            else
                Console.Out.Write(description.JobYaml);
        })));
        return command;
    }

    private static Command Generate()
    {
        var dataset = new Argument<string>("dataset") { Description = "What to generate: ecommerce, a shop's behaviour log." };
        dataset.AcceptOnlyFromAmong(EcommerceGenerator.Dataset);
        var rows = new Option<int>("--rows") { Description = "Number of rows.", DefaultValueFactory = _ => 200_000 };
        rows.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--rows must be at least 1.");
        });
        var seed = new Option<ulong>("--seed") { Description = "Equal rows and seed give equal data.", DefaultValueFactory = _ => 1 };
        var directory = new Option<DirectoryInfo>("--out") { Description = "Folder for the file; made if need be.", Required = true };
        var command = new Command("generate", "Writes a believable data set with planted structure.") { dataset, rows, seed, directory };
        command.SetAction(arguments => (int)Run(() => Console.Out.WriteLine(EcommerceGenerator.Generate(
            arguments.GetRequiredValue(directory).FullName, arguments.GetValue(rows), arguments.GetValue(seed)))));
        return command;
    }

    private static ExitCode Run(Action action)
    {
        try
        {
            action();
            return ExitCode.Success;
        }
        catch (JobException e)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>Fits 80 columns; the job file follows it as plain text, so that it can be copied or piped.</summary>
    internal static void Show(IAnsiConsole console, DataDescription description)
    {
        var good = description.BadRows.Rows - description.BadRows.Bad;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{description.File}[/]");
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"{description.Format.ToString().ToLowerInvariant()}, {good:N0} rows, {description.Columns.Count} columns{(description.HasHeader ? "" : ", no header")}");
        if (description.BadRows.Bad > 0)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]{description.BadRows.Bad:N0} bad rows are left out:[/]");
            foreach (var row in description.BadRows.First)
                console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  {row.ToString()}");
        }
        console.Write(Columns(description));
        if (description.Labels.Count > 0)
            console.Write(Labels(description));
        console.WriteLine();
    }

    private static Table Columns(DataDescription description)
    {
        var table = NewTable("column", "kind", "distinct", "missing", "values");
        table.Columns[2].RightAligned();
        table.Columns[3].RightAligned();
        foreach (var column in description.Columns)
        {
            table.AddRow(
                Markup.Escape(column.Name),
                column.Kind.ToString().ToLowerInvariant(),
                (column.IsDistinctExact ? "" : "~") + column.Distinct.ToString("N0", CultureInfo.InvariantCulture),
                Percent(column.MissingRate),
                Markup.Escape(Values(column)));
        }
        return table;
    }

    private static Table Labels(DataDescription description)
    {
        var table = NewTable("label candidate", "labelled rows", "rate of 1", "unknown");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        foreach (var label in description.Labels)
        {
            table.AddRow(
                Markup.Escape(label.Column),
                label.Labelled.ToString("N0", CultureInfo.InvariantCulture),
                Percent(label.Rate),
                Markup.Escape(label.MissingLabel ?? ""));
        }
        return table;
    }

    private static string Values(ColumnProfile column) => column switch
    {
        { Kind: ColumnKind.Numeric } => string.Create(CultureInfo.InvariantCulture, $"{column.Min:G4} .. {column.Max:G4}, mean {column.Mean:G4}"),
        { Kind: ColumnKind.Vector } => string.Create(CultureInfo.InvariantCulture, $"{column.Width} numbers"),
        { Kind: ColumnKind.Sequence } => $"separated by '{column.Separator}'",
        { Kind: ColumnKind.Id or ColumnKind.Text } => "",
        _ => string.Join(", ", column.Top.Select(pair => Shortened(pair.Key))),
    };

    private static string Shortened(string value) => value.Length <= MaxValueWidth ? value : $"{value[..(MaxValueWidth - 1)]}…";

    private static string Percent(double rate) => rate == 0 ? "0 %" : rate.ToString("0.00 %", CultureInfo.InvariantCulture);

    private static Table NewTable(params ReadOnlySpan<string> headers)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var header in headers)
            table.AddColumn(header);
        return table;
    }
}
