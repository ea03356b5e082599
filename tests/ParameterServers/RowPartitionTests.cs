using CsCheck;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers.Tests;

public sealed class RowPartitionTests
{
    private static readonly Gen<int[]> Rows = Gen.Int[0, 999].Array[0, 60].Select(rows => RowLists.Distinct(rows));

    private static readonly Gen<(RowLists Rows, int Servers)> Any =
        Gen.Select(Rows, Rows, Gen.Int[1, RowPartition.Partitions]).Select((first, second, servers) => (new RowLists([first, second]), servers));

    /// <summary>Two tables share the first list.</summary>
    private static readonly TableShape Shape = new(
        [new("a", 1000, 3, null, 1), new("b", 1000, 2, 1, 1), new("c", 1000, 1, null, 1) { RowList = 1 }], Tasks: 2, IsPerTask: true);

    [Fact]
    public void Every_row_has_one_server_and_parts_ascend() => Any.Sample(any =>
    {
        var partition = RowPartition.Split(any.Rows, any.Servers);
        Assert.Equal(any.Servers, partition.Parts.Length);
        for (var list = 0; list < 2; list++)
        {
            Assert.Equal(any.Rows.Lists[list], partition.Parts.SelectMany(part => part.Lists[list]).Order());
            for (var server = 0; server < any.Servers; server++)
            {
                var part = partition.Parts[server].Lists[list];
                Assert.Equal(part.Order(), part);
                Assert.All(part, row => Assert.Equal(server, RowPartition.ServerOf(row, any.Servers)));
            }
        }
    });

    [Fact]
    public void Gather_and_scatter_are_inverse() => Any.Sample(any =>
    {
        var partition = RowPartition.Split(any.Rows, any.Servers);
        foreach (var width in new Func<TableEntry, int>[] { table => table.Dim, table => table.Dim * Shape.Copies(table) })
        {
            float[] whole = [.. Enumerable.Range(1, Length(any.Rows)).Select(number => (float)number)];
            var (again, taken) = (new float[whole.Length], new List<float>());
            for (var server = 0; server < any.Servers; server++)
            {
                var part = new float[Length(partition.Parts[server])];
                partition.Gather(Shape, server, width, whole, part);
                partition.Scatter(Shape, server, width, part, again);
                taken.AddRange(part);
            }
            Assert.Equal(whole, again);
            Assert.Equal(whole, taken.Order());

            int Length(RowLists rows) => Shape.Tables.Sum(table => rows.Lists[table.RowList].Length * width(table));
        }
    });

    [Fact]
    public void The_popular_low_rows_are_spread_evenly() =>
        Assert.All(
            new[] { 2, 3, 7, 64 },
            servers => Assert.All(
                Enumerable.Range(0, 640).GroupBy(row => RowPartition.ServerOf(row, servers)),
                owned => Assert.InRange(owned.Count(), 640 / servers - 10, 640 / servers + 10)));

    [Fact]
    public void A_number_of_servers_that_cannot_be_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => RowPartition.Split(RowLists.Empty(1), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RowPartition.Split(RowLists.Empty(1), RowPartition.Partitions + 1));
    }
}
