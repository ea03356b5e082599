using DistMtl.Aggregation.Tables;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

public sealed class TableRowsFrameTests
{
    private static readonly TableRows s_rows = new("embedding.item", 3, [2, 7], [1, 2, 3, 4, 5, float.NaN])
    {
        State = new Dictionary<string, float[]> { ["exp_avg"] = [1, 2, 3, 4, 5, 6], ["sum"] = [-1, 0.5f] },
        LastSteps_N = [3, 9],
        Waiting = [4],
        Touches_M = [2],
        WaitingLastSteps_M = [8],
        Forgotten = [11, 149],
    };

    private readonly ServerShape _shape = new ServerCase(perTask: true).Shape(2);

    [Fact]
    public void Rows_come_back_as_they_were()
    {
        var (table, rows) = Read(s_rows);
        Assert.Equal(1, table);
        Assert.Equivalent(s_rows, rows, strict: true);
        Assert.Equal(s_rows.Values_ND.Select(BitConverter.SingleToInt32Bits), rows.Values_ND.Select(BitConverter.SingleToInt32Bits));
        Assert.True(Read(new TableRows("embedding.item", 3, [], [])).Rows.IsEmpty);
    }

    [Fact]
    public void Rows_that_are_not_what_the_header_says_are_refused()
    {
        var (header, buffer) = TableRowsFrame.Write(_shape, 1, 1, s_rows);
        using var _ = buffer;
        var payload = buffer.GetSpan().ToArray();
        AssertRefused(header, payload[4..]);
        AssertRefused(header, [.. payload, 0]);
        AssertRefused(header, []);
        AssertRefused(header with { Table = -1 }, payload);
        AssertRefused(header with { Table = 2 }, payload);
        AssertRefused(header with { Columns = null! }, payload);
        AssertRefused(header with { Lengths = null! }, payload);
        AssertRefused(header with { Lengths = header.Lengths[1..] }, payload);
        AssertRefused(header with { Lengths = [-1, header.Lengths[0] + header.Lengths[1] + 1, .. header.Lengths[2..]] }, payload);
        AssertRefused(header with { Lengths = [int.MaxValue, int.MaxValue, .. header.Lengths[2..]] }, payload);
        AssertRefused(header with { Columns = [header.Columns[1], .. header.Columns[1..]] }, payload);
        AssertRefused(header with { Columns = ["row", .. header.Columns[1..]] }, payload);
        AssertRefused(new SliceHeader(1, 2, 3), payload);

        void AssertRefused<T>(T header, byte[] payload)
        {
            using var frame = ServerSet.FrameOf(FrameKind.TableRows, header, payload);
            Assert.Throws<FrameException>(() => TableRowsFrame.Read(_shape, frame));
        }
    }

    private (int Table, TableRows Rows) Read(TableRows rows)
    {
        var (header, buffer) = TableRowsFrame.Write(_shape, 1, 1, rows);
        using var _ = buffer;
        using var frame = ServerSet.FrameOf(FrameKind.TableRows, header, buffer.GetSpan());
        return TableRowsFrame.Read(_shape, frame);
    }
}
