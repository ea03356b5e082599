using System.Globalization;
using DistMtl.Aggregation.Tables;

namespace DistMtl.Coordinator.Runs;

/// <summary>What is known of a table without its rows.</summary>
/// <param name="States">Names of what the optimiser keeps of a row.</param>
internal sealed record SavedTable(string Name, int Dim, IReadOnlyList<string> States);

/// <summary>
/// The files that make up the sparse tables of one checkpoint: all rows as of one step, then for each later checkpoint what
/// has become of the rows touched since. Files of earlier checkpoints are hard links, copies where the file system has none,
/// so that the folder is whole whatever happens to the others, and costs what was touched. When there are many files, or the
/// later ones outgrow the first, one with all rows takes their place.
/// </summary>
/// <param name="Steps">Of the checkpoints that wrote them, in their order.</param>
internal sealed record TableChain(IReadOnlyList<int> Steps, IReadOnlyList<SavedTable> Tables)
{
    public const int MaxFiles = 9;

    internal IEnumerable<string> Files => Steps.Select(FileOf);

    /// <summary>Writes all rows.</summary>
    public static TableChain Start(FolderWriter folder, int step, IReadOnlyList<TableRows> tables)
    {
        folder.Write(FileOf(step), stream => TableFile.Write(stream, [.. tables.Select(table => table with { Forgotten = [] })]));
        return new TableChain([step], [.. tables.Select(table => new SavedTable(table.Name, table.Dim, [.. table.State.Keys]))]);
    }

    /// <summary>Writes the changes since this chain, which is that of a checkpoint before.</summary>
    /// <param name="before">Its folder.</param>
    /// <exception cref="InvalidDataException">A file before is missing or damaged, or the changes are those of other tables.</exception>
    public TableChain Extend(string before, FolderWriter folder, int step, IReadOnlyList<TableRows> changes)
    {
        if (!Tables.Select(table => (table.Name, table.Dim)).SequenceEqual(changes.Select(table => (table.Name, table.Dim))))
            throw new InvalidDataException($"it has tables [{string.Join(", ", Tables.Select(table => table.Name))}], not [{string.Join(", ", changes.Select(table => table.Name))}]");
        if (Steps.Count >= MaxFiles || Steps.Contains(step) || Outgrows(before, changes))
        {
            // What is damaged must not be written anew with a checksum that is right.
            Checksums.Verify(before, Files);
            return Start(folder, step, [.. Read(before).Zip(changes, (all, since) => all.With(since))]);
        }
        var known = Checksums.Read(before);
        foreach (var file in Files)
        {
            var sum = known.GetValueOrDefault(file) ?? throw new InvalidDataException($"{Checksums.FileName} does not list {file}");
            folder.Link(file, Path.Combine(before, file), sum);
        }
        folder.Write(FileOf(step), stream => TableFile.Write(stream, changes));
        return this with { Steps = [.. Steps, step] };
    }

    /// <summary>All rows of the tables.</summary>
    /// <exception cref="InvalidDataException">A file does not hold what it should.</exception>
    public IReadOnlyList<TableRows> Read(string directory)
    {
        var files = Files.Select(file => Path.Combine(directory, file)).ToList();
        if (files.Count == 0)
            throw new InvalidDataException("the tables have no file");
        var all = TableFile.Read(files[0], Tables);
        if (files.Count == 1)
            return all;
        // Small ones first, so that all rows are copied once.
        var changes = files.Skip(1).Select(file => TableFile.Read(file, Tables))
            .Aggregate((earlier, later) => [.. earlier.Zip(later, (first, second) => first.Then(second))]);
        return [.. all.Zip(changes, (table, since) => table.With(since))];
    }

    private bool Outgrows(string before, IReadOnlyList<TableRows> changes) =>
        Files.Skip(1).Sum(file => SizeOf(before, file)) + changes.Sum(table => table.Bytes) > SizeOf(before, FileOf(Steps[0]));

    private static long SizeOf(string directory, string file)
    {
        var info = new FileInfo(Path.Combine(directory, file));
        return info.Exists ? info.Length : throw new InvalidDataException($"{file} is missing");
    }

    private static string FileOf(int step) => string.Create(CultureInfo.InvariantCulture, $"tables-{step}.safetensors");
}
