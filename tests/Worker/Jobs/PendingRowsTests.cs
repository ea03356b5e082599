using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>The rows of a pull are there when each server's are, however often one of them sends its own.</summary>
public sealed class PendingRowsTests
{
    private static readonly TableShape s_tables = new([new("user", 100, 2, null, 1)], 1, false);

    private readonly PendingRows _rows = new(5, RowPartition.Split(new RowLists([[1, 2, 40]]), 2), new float[6], 6);

    [Fact]
    public void Rows_of_every_server_are_put_where_they_belong()
    {
        Assert.False(Add(1, RowsPart.All, 5, 6));
        Assert.True(Add(0, RowsPart.All, 1, 2, 3, 4));
        Assert.True(_rows.IsComplete);
        Assert.Equal([1, 2, 3, 4, 5, 6], _rows.Values);
    }

    [Fact]
    public void Rows_that_come_twice_do_not_stand_for_another_servers()
    {
        Assert.False(Add(1, RowsPart.All, 5, 6));
        Assert.Contains("server 1 that are here already", Assert.Throws<FrameException>(() => Add(1, RowsPart.All, 5, 6)).Message, StringComparison.Ordinal);
        Assert.False(_rows.IsComplete);
    }

    [Fact]
    public void A_part_that_comes_twice_is_refused()
    {
        Assert.False(Add(0, RowsPart.Untouched, BitConverter.Int32BitsToSingle(1), 1, 2));
        Assert.Throws<FrameException>(() => Add(0, RowsPart.Untouched, BitConverter.Int32BitsToSingle(1), 1, 2));
        Assert.Throws<FrameException>(() => Add(0, RowsPart.All, 1, 2, 3, 4));
        Assert.False(Add(0, RowsPart.Touched, 3, 4));
        Assert.Throws<FrameException>(() => Add(0, RowsPart.Touched, 3, 4));
        Assert.False(_rows.IsComplete);
    }

    private bool Add(int server, RowsPart part, params float[] numbers)
    {
        using var payload = TensorBuffer.Borrow(numbers, numbers.Length);
        using var frame = new Frame(FrameKind.Rows, [], payload);
        return _rows.Add(s_tables, new RowsHeader(3, 5, server, 0, 0, part), frame);
    }
}
