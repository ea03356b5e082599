using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>The rows of a pull on the wire.</summary>
internal static class PullFrame
{
    /// <param name="server">Index of the server that the pull has come to.</param>
    /// <exception cref="FrameException">The payload does not have what the header says, or rows that are not there.</exception>
    public static RowLists Read(ServerShape shape, int server, PullHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Counts?.Length != shape.Tables.Lists || header.Counts.Any(count => count < 0) || payload.Length != header.Counts.Sum(count => (long)count) * sizeof(int))
            throw new FrameException($"a pull of {payload.Length} bytes whose counts are [{string.Join(", ", header.Counts ?? [])}]");
        var lists = ImmutableArray.CreateBuilder<int[]>(header.Counts.Length);
        foreach (var count in header.Counts)
        {
            lists.Add(MemoryMarshal.Cast<byte, int>(payload[..(count * sizeof(int))]).ToArray());
            payload = payload[(count * sizeof(int))..];
        }
        foreach (var table in shape.Tables.Tables)
        {
            var list = lists[table.RowList];
            for (var i = 0; i < list.Length; i++)
            {
                if (list[i] < 0 || list[i] >= table.Rows || i > 0 && list[i] <= list[i - 1])
                    throw new FrameException($"a pull of row {list[i]} of table '{table.Name}', which has {table.Rows}; rows must ascend");
                if (RowPartition.ServerOf(list[i], shape.Servers) != server)
                    throw new FrameException($"a pull of row {list[i]} of table '{table.Name}', which another parameter server than {server} has");
            }
        }
        return new RowLists(lists.MoveToImmutable());
    }
}
