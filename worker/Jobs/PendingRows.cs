using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>Values of the rows of one pull, which arrive server by server, and from a server in one part or two.</summary>
/// <param name="Values">Pooled; <paramref name="Length"/> of them count.</param>
internal sealed record PendingRows(int Version, RowPartition Partition, float[] Values, int Length)
{
    private readonly RowMask?[] _untouched = new RowMask?[Partition.Parts.Length];
    private readonly bool[] _isThere = new bool[Partition.Parts.Length];
    private int _missing = Partition.Parts.Length;

    public bool IsComplete => Volatile.Read(ref _missing) == 0;

    /// <returns>Whether all are there now.</returns>
    /// <exception cref="FrameException">The frame is no part of the pull.</exception>
    public bool Add(TableShape tables, RowsHeader header, Frame frame)
    {
        if (header.Server < 0 || header.Server >= _untouched.Length)
            throw new FrameException($"rows of parameter server {header.Server}, which is none");
        // Counted twice, they would stand for another server's, which are not here.
        if (_isThere[header.Server])
            throw new FrameException($"rows of parameter server {header.Server} that are here already");
        // Each server's numbers have places of their own, and come on a connection of its own.
        var rows = Partition.Parts[header.Server];
        switch (header.Part)
        {
            case RowsPart.All when _untouched[header.Server] is null:
                Check(tables, rows, frame.Payload.ByteCount);
                Partition.Scatter(tables, header.Server, table => table.Dim, frame.Payload.Numbers, Values.AsSpan(0, Length));
                break;
            case RowsPart.Untouched when _untouched[header.Server] is null && frame.Payload.ByteCount >= RowMask.LengthOf(rows):
                var mask = _untouched[header.Server] = RowMask.Read(rows, frame.Payload.GetSpan());
                Add(tables, header.Server, mask.Select(isIn: true), frame.Payload.ByteCount - mask.Bytes.Length, frame.Payload.Numbers[(mask.Bytes.Length / sizeof(float))..]);
                return false;
            case RowsPart.Touched when _untouched[header.Server] is { } untouched:
                Add(tables, header.Server, untouched.Select(isIn: false), frame.Payload.ByteCount, frame.Payload.Numbers);
                break;
            default:
                throw new FrameException($"a {header.Part} part of rows that is not due");
        }
        _isThere[header.Server] = true;
        return Interlocked.Decrement(ref _missing) == 0;
    }

    private void Add(TableShape tables, int server, (RowLists Rows, int[][] Places) part, long byteCount, ReadOnlySpan<float> numbers)
    {
        Check(tables, part.Rows, byteCount);
        Partition.Scatter(tables, server, table => table.Dim, numbers, Values.AsSpan(0, Length), part.Places);
    }

    private static void Check(TableShape tables, RowLists rows, long byteCount)
    {
        if (byteCount != (long)tables.ValuesLength(rows) * sizeof(float))
            throw new FrameException($"{byteCount} bytes are not the values of {rows.Count} rows");
    }
}
