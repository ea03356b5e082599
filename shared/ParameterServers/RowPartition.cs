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

    /// <summary>Puts a server's numbers where they belong among those of all rows.</summary>
    /// <param name="width">Numbers of a row of a table.</param>
    public void Scatter(TableShape shape, int server, Func<TableEntry, int> width, ReadOnlySpan<float> part, Span<float> whole)
    {
        if (_places.IsEmpty)
        {
            part.CopyTo(whole);
            return;
        }
        var start = 0;
        foreach (var table in shape.Tables)
        {
            var (places, numbers) = (_places[server][table.RowList], width(table));
            for (var i = 0; i < places.Length; i++)
                part.Slice(i * numbers, numbers).CopyTo(whole[(start + places[i] * numbers)..]);
            part = part[(places.Length * numbers)..];
            start += Count(table) * numbers;
        }
    }

    /// <summary>Puts the numbers of some of a server's rows where they belong among those of all rows.</summary>
    /// <param name="chosen">By list: which of the server's rows, as places in its part.</param>
    public void Scatter(TableShape shape, int server, Func<TableEntry, int> width, int[][] chosen, ReadOnlySpan<float> part, Span<float> whole)
    {
        var start = 0;
        foreach (var table in shape.Tables)
        {
            var (rows, numbers) = (chosen[table.RowList], width(table));
            var places = _places.IsEmpty ? null : _places[server][table.RowList];
            for (var i = 0; i < rows.Length; i++)
                part.Slice(i * numbers, numbers).CopyTo(whole[(start + (places is null ? rows[i] : places[rows[i]]) * numbers)..]);
            part = part[(rows.Length * numbers)..];
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
