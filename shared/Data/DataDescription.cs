using DistMtl.Data.Describing;
using DistMtl.Data.Parsing;
using DistMtl.Data.Reading;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data;

/// <summary>What a file seems to hold, and a first job to train on it.</summary>
/// <param name="HasHeader">False: the first line seems to be data, and the columns have made-up names.</param>
/// <param name="BadRows">Rows that are not as long as the header, or whose quotes are malformed.</param>
/// <param name="Labels">Columns of 0 and 1: tasks, if they are outcomes.</param>
/// <param name="JobYaml">A job file; no task in it where no column can be one.</param>
public sealed record DataDescription(
    string File,
    DataFormat Format,
    bool HasHeader,
    BadRowReport BadRows,
    IReadOnlyList<ColumnProfile> Columns,
    IReadOnlyList<LabelCandidate> Labels,
    string JobYaml)
{
    /// <summary>Cells that mean "unknown" in the files one meets.</summary>
    private static readonly string[] s_missing = ["", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "\\N"];

    /// <summary>Reads the whole file once, in bounded memory.</summary>
    /// <exception cref="JobException">The file can't be read, or has no rows.</exception>
    public static DataDescription Of(string path, CancellationToken cancellation)
    {
        if (!System.IO.File.Exists(path))
            throw new JobException($"there is no file {path}");
        path = Path.GetFullPath(path);
        var format = FormatOf(path);
        var names = MadeUpNames(path, format);
        using var reader = RowReader.Open(path, format, names);
        var statistics = reader.Columns.Select(_ => new ColumnStatistics()).ToArray();
        var missing = new SortedSet<string>(StringComparer.Ordinal) { "" };
        var bad = new BadRowCounter();
        while (reader.Read())
        {
            if ((reader.Line & 0xFFF) == 0)
                cancellation.ThrowIfCancellationRequested();
            if (reader.Problem is { } problem)
            {
                bad.Add(new BadRow(path, reader.Line, reader.ProblemCell, problem));
                continue;
            }
            bad.AddGood();
            for (var i = 0; i < statistics.Length; i++)
                AddCell(reader, i, statistics[i], missing);
        }
        var report = bad.ToReport();
        if (report.Rows == report.Bad)
            throw new JobException($"{path}: there is no row to describe ({report.Rows} rows, {report.Bad} of them bad{report.First.Select(row => $"; {row}").FirstOrDefault()})");
        var columns = reader.Columns.Zip(statistics, ColumnGuess.Profile).ToList();
        var labels = reader.Columns.Zip(statistics, ColumnGuess.Label).OfType<LabelCandidate>().ToList();
        var byName = new Dictionary<string, ColumnStatistics>(StringComparer.Ordinal);
        for (var i = 0; i < statistics.Length; i++)
            byName[reader.Columns[i]] = statistics[i];
        var job = new JobProposal(columns, byName, labels).Write(path, format, names, missing);
        return new DataDescription(path, format, names is null, report, columns, labels, job);
    }

    private static void AddCell(RowReader reader, int column, ColumnStatistics statistics, SortedSet<string> missing)
    {
        var cell = reader[column];
        if (reader.IsNull(column))
        {
            statistics.AddMissing();
            return;
        }
        foreach (var token in s_missing)
        {
            if (!cell.SequenceEqual(token))
                continue;
            statistics.AddMissing();
            missing.Add(token);
            return;
        }
        statistics.Add(cell, reader.IsList(column));
    }

    /// <summary>By the name without <c>.gz</c>; any other text is TSV if its first line has more tabs than commas.</summary>
    private static DataFormat FormatOf(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        switch (Path.GetExtension(name).ToLowerInvariant())
        {
            case ".csv": return DataFormat.Csv;
            case ".tsv" or ".tab": return DataFormat.Tsv;
            case ".parquet" or ".pq": return DataFormat.Parquet;
        }
        using var byComma = RowReader.Open(path, DataFormat.Csv, null);
        using var byTab = RowReader.Open(path, DataFormat.Tsv, null);
        return byTab.Columns.Count > byComma.Columns.Count ? DataFormat.Tsv : DataFormat.Csv;
    }

    /// <summary>A first line that begins with a number, or has equal cells, names nothing: c1, c2, ...; null for a header.</summary>
    private static List<string>? MadeUpNames(string path, DataFormat format)
    {
        using var reader = RowReader.Open(path, format, null);
        if (reader.Columns.Count == 0)
            throw new JobException($"{path}: the file is empty");
        var isHeader = !CellValues.TryNumber(reader.Columns[0], out _) && reader.Columns.Distinct().Count() == reader.Columns.Count;
        return isHeader || format == DataFormat.Parquet ? null : [.. reader.Columns.Select((_, i) => FormattableString.Invariant($"c{i + 1}"))];
    }
}
