using System.Collections.Immutable;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>
/// Rows cut among the servers of a job: by row number modulo 64, so that the popular rows, which have low numbers, are
/// spread, and so that what is added up partition by partition is the same for every number of servers.
/// </summary>
public sealed class RowPartition
{
    /// <summary>Fixed for all jobs; more servers than that are of no use.</summary>
    public const int Partitions = 64;

    private readonly ImmutableArray<int[][]> _places;

    private RowPartition(ImmutableArray<RowLists> parts, ImmutableArray<int[][]> places) => (Parts, _places) = (parts, places);

    /// <summary>By server: its rows.</summary>
    public ImmutableArray<RowLists> Parts { get; }

    public static int Of(int row) => row & (Partitions - 1);

    /// <summary>Servers own runs of partitions as even as can be.</summary>
    public static int ServerOf(int row, int servers) => Of(row) * servers / Partitions;

    public static RowPartition Split(RowLists rows, int servers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(servers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(servers, Partitions);
        if (servers == 1)
            return new RowPartition([rows], []);
        var (parts, places) = (new List<RowLists>(servers), new List<int[][]>(servers));
        for (var server = 0; server < servers; server++)
        {
            int[][] ofServer = [.. rows.Lists.Select(list => Enumerable.Range(0, list.Length).Where(i => ServerOf(list[i], servers) == server).ToArray())];
            places.Add(ofServer);
            parts.Add(new RowLists([.. rows.Lists.Select((list, i) => Array.ConvertAll(ofServer[i], place => list[place]))]));
        }
        return new RowPartition([.. parts], [.. places]);
    }

    /// <summary>Puts the numbers of a server's rows, or of some of them, where they belong among those of all rows.</summary>
    /// <param name="width">Numbers of a row of a table.</param>
    /// <param name="chosen">By list: which of the server's rows, as places in its part; null: all.</param>
    public void Scatter(TableShape shape, int server, Func<TableEntry, int> width, ReadOnlySpan<float> part, Span<float> whole, int[][]? chosen = null)
    {
        if (_places.IsEmpty && chosen is null)
        {
            part.CopyTo(whole);
            return;
        }
        var start = 0;
        foreach (var table in shape.Tables)
        {
            var numbers = width(table);
            var (rows, places) = (chosen?[table.RowList], _places.IsEmpty ? null : _places[server][table.RowList]);
            var count = rows?.Length ?? places!.Length;
            for (var i = 0; i < count; i++)
            {
                var row = rows is null ? i : rows[i];
                part.Slice(i * numbers, numbers).CopyTo(whole[(start + (places is null ? row : places[row]) * numbers)..]);
            }
            part = part[(count * numbers)..];
            start += Count(table) * numbers;
        }
    }

    /// <summary>Takes a server's numbers out of those of all rows.</summary>
    /// <param name="width">Numbers of a row of a table.</param>
    public void Gather(TableShape shape, int server, Func<TableEntry, int> width, ReadOnlySpan<float> whole, Span<float> part)
    {
        if (_places.IsEmpty)
        {
            whole.CopyTo(part);
            return;
        }
        var start = 0;
        foreach (var table in shape.Tables)
        {
            var (places, numbers) = (_places[server][table.RowList], width(table));
            for (var i = 0; i < places.Length; i++)
                whole.Slice(start + places[i] * numbers, numbers).CopyTo(part[(i * numbers)..]);
            part = part[(places.Length * numbers)..];
            start += Count(table) * numbers;
        }
    }

    private int Count(TableEntry table) => Parts.Sum(part => part.Lists[table.RowList].Length);
}
