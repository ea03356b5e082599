using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

public sealed class ReportFrameTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(false, 64)]
    public async Task A_report_comes_back_as_it_was(bool perTask, int servers)
    {
        var (shape, reports) = await ReportsAsync(perTask, servers);
        for (var server = 0; server < servers; server++)
        {
            var (header, payload) = ReportFrame.Write(shape, server, lane: 2, reports[server]);
            Assert.Equal(shape.OwnedBy(server).Select(slice => slice.Index), header.Slices);
            Assert.Equal(2, header.Lane);
            using var frame = ServerSet.FrameOf(FrameKind.Report, header, payload);
            var read = ReportFrame.Read(shape, frame);
            Assert.Equal(reports[server].Version, read.Version);
            Assert.Equal(Numbers(reports[server]), Numbers(read));
            Assert.Equal(reports[server].Slices.Select(slice => slice.Slice), read.Slices.Select(slice => slice.Slice));
            Assert.Equal(shape.IsMeasured ? RowPartition.Partitions : 0, read.Rows.Length);
        }
    }

    [Fact]
    public async Task A_report_that_does_not_have_what_it_says_is_refused()
    {
        var (shape, reports) = await ReportsAsync(perTask: true, servers: 2);
        var (header, payload) = ReportFrame.Write(shape, 0, lane: 0, reports[0]);
        AssertRefused(header, payload[8..]);
        AssertRefused(header, payload[1..]);
        AssertRefused(header, [.. payload, 0]);
        AssertRefused(header, [.. payload, .. new byte[8]]);
        AssertRefused(header, []);
        AssertRefused(header with { Partitions = 0 }, payload);
        AssertRefused(header with { Partitions = 1 }, payload);
        AssertRefused(header with { Partitions = -1 }, payload);
        AssertRefused(header with { Partitions = int.MaxValue }, payload);
        AssertRefused(header with { Slices = header.Slices[1..] }, payload);
        AssertRefused(header with { Slices = [.. header.Slices, 9] }, payload);
        AssertRefused(header with { Slices = [.. header.Slices.Skip(1), 9] }, payload);
        AssertRefused(header with { Slices = [.. header.Slices.Reverse()] }, payload);
        AssertRefused(header with { Server = 1 }, payload);
        AssertRefused(new SliceHeader(1, 2, 3), payload);

        void AssertRefused<T>(T header, byte[] payload)
        {
            using var frame = ServerSet.FrameOf(FrameKind.Report, header, payload);
            Assert.Throws<FrameException>(() => ReportFrame.Read(shape, frame));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rows_that_were_held_have_a_report_of_their_own(bool clips)
    {
        var @case = new ServerCase(perTask: true, scope: WeightingScope.Trunk, clips: clips);
        var set = new ServerSet(@case, 2, [0, 1, 2, 3, 4]);
        await set.BeginAsync();
        foreach (var send in set.Workers[0].Gradients(0))
            await send();
        var first = await set.ReportAsync();
        foreach (var send in set.Workers[0].Rows(0, @case.Decide(0, StepReport.Total(first, @case.Tasks))))
            await send();
        var (header, payload) = ReportFrame.Write(set.Shape, 1, lane: 0, await set.Servers[1].ReportRowsAsync(lane: 0, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Equal((0, clips ? RowPartition.Partitions : 0), (header.Slices.Length, header.Partitions));
        var read = Read(set.Shape, header, payload);
        Assert.Equal(header.Partitions, read.Rows.Length);
        Assert.Equal(clips, read.Rows.Any(products => products.Own[0] > 0));

        // Neither has what the other has, and where rows are not held no report goes without its slices.
        var (dense, products) = ReportFrame.Write(set.Shape, 1, lane: 0, first[1]);
        Assert.Equal(Numbers(first[1]), Numbers(Read(set.Shape, dense, products)));
        Assert.Throws<FrameException>(() => Read(set.Shape, dense with { Partitions = RowPartition.Partitions }, [.. products, .. payload]));
        Assert.Throws<FrameException>(() => Read(new ServerCase(perTask: true).Shape(2), header, payload));

        static StepReport Read(ServerShape shape, ReportHeader header, byte[] payload)
        {
            using var frame = ServerSet.FrameOf(FrameKind.Report, header, payload);
            return ReportFrame.Read(shape, frame);
        }
    }

    private static async Task<(ServerShape Shape, StepReport[] Reports)> ReportsAsync(bool perTask, int servers)
    {
        var set = new ServerSet(new ServerCase(perTask), servers, [0, 1, 2, 3, 4]);
        await set.BeginAsync();
        foreach (var send in set.Workers[0].Gradients(0))
            await send();
        return (set.Shape, await set.ReportAsync());
    }

    private static IEnumerable<long> Numbers(StepReport report) =>
        report.Slices.Select(slice => slice.Products).Concat(report.Rows)
            .SelectMany(products => products.Shared.Concat(products.Updated).Concat(products.Own)).Select(BitConverter.DoubleToInt64Bits);
}
