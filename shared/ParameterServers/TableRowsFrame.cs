using System.Runtime.InteropServices;
using DistMtl.Aggregation.Tables;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary><see cref="TableRows"/> on the wire.</summary>
public static class TableRowsFrame
{
    private const string StatePrefix = "state/";

    public static (TableRowsHeader Header, TensorBuffer Payload) Write(ServerShape shape, int server, int table, TableRows rows)
    {
        (string Name, byte[] Bytes)[] columns =
        [
            ("rows", Bytes(rows.Rows)), ("values", Bytes(rows.Values_ND)),
            .. rows.State.Select(state => (StatePrefix + state.Key, Bytes(state.Value))),
            ("lastSteps", Bytes(rows.LastSteps_N)), ("waiting", Bytes(rows.Waiting)), ("touches", Bytes(rows.Touches_M)),
            ("waitingLastSteps", Bytes(rows.WaitingLastSteps_M)), ("forgotten", Bytes(rows.Forgotten)),
        ];
        var payload = TensorBuffer.Rent(columns.Sum(column => column.Bytes.LongLength));
        var rest = payload.GetSpan();
        foreach (var (_, bytes) in columns)
        {
            bytes.CopyTo(rest);
            rest = rest[bytes.Length..];
        }
        return (new TableRowsHeader(shape.Generation, server, table, [.. columns.Select(column => column.Name)], [.. columns.Select(column => column.Bytes.Length / sizeof(int))]), payload);
    }

    /// <returns>The table's index, and its rows, which may be no rows of it: <see cref="RowTable.Restore"/> looks at that.</returns>
    /// <exception cref="FrameException">The payload does not have what the header says.</exception>
    public static (int Table, TableRows Rows) Read(ServerShape shape, Frame frame)
    {
        var header = frame.Header<TableRowsHeader>();
        if (header.Table < 0 || header.Table >= shape.Tables.Tables.Length || header.Columns is null || header.Lengths?.Length != header.Columns.Length
            || header.Lengths.Any(length => length < 0) || header.Lengths.Sum(length => (long)length) * sizeof(int) != frame.Payload.ByteCount
            || header.Columns.Distinct().Count() != header.Columns.Length)
            throw new FrameException($"{frame.Payload.ByteCount} bytes are no rows of table {header.Table}");
        var columns = new Dictionary<string, byte[]>();
        var rest = frame.Payload.GetSpan();
        for (var i = 0; i < header.Columns.Length; i++)
        {
            columns[header.Columns[i]] = rest[..(header.Lengths[i] * sizeof(int))].ToArray();
            rest = rest[(header.Lengths[i] * sizeof(int))..];
        }
        var entry = shape.Tables.Tables[header.Table];
        return (header.Table, new TableRows(entry.Name, entry.Dim, Numbers<int>("rows"), Numbers<float>("values"))
        {
            State = columns.Keys.Where(name => name.StartsWith(StatePrefix, StringComparison.Ordinal))
                .ToDictionary(name => name[StatePrefix.Length..], Numbers<float>),
            LastSteps_N = Numbers<int>("lastSteps"),
            Waiting = Numbers<int>("waiting"),
            Touches_M = Numbers<int>("touches"),
            WaitingLastSteps_M = Numbers<int>("waitingLastSteps"),
            Forgotten = Numbers<int>("forgotten"),
        });

        T[] Numbers<T>(string name) where T : struct => columns.TryGetValue(name, out var bytes)
            ? MemoryMarshal.Cast<byte, T>(bytes).ToArray()
            : throw new FrameException($"rows of table '{entry.Name}' without {name}");
    }

    private static byte[] Bytes<T>(T[] numbers) where T : struct => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
}
