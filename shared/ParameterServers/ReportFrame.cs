using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>A <see cref="StepReport"/> on the wire.</summary>
public static class ReportFrame
{
    public static (ReportHeader Header, byte[] Payload) Write(ServerShape shape, int server, int lane, StepReport report)
    {
        var header = new ReportHeader(shape.Generation, server, report.Version, [.. report.Slices.Select(slice => slice.Slice)], report.Rows.Length, lane);
        double[] numbers = [.. report.Slices.Select(slice => slice.Products).Concat(report.Rows).SelectMany(products => products.Shared.Concat(products.Updated).Concat(products.Own))];
        return (header, MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
    }

    /// <exception cref="FrameException">The payload does not have what the header says.</exception>
    public static StepReport Read(ServerShape shape, Frame frame)
    {
        var header = frame.Header<ReportHeader>();
        var (tasks, pairs) = (shape.Gradient.Tasks, GradientProducts.Zero(shape.Gradient.Tasks).Shared.Length);
        var length = 2 * pairs + tasks;
        var isOfRows = shape.HoldsRows && header.Slices is [];
        if (header.Slices is null || !isOfRows && !shape.OwnedBy(header.Server).Select(slice => slice.Index).SequenceEqual(header.Slices))
            throw new FrameException($"a report of slices [{string.Join(", ", header.Slices ?? [])}], which are not those of parameter server {header.Server}");
        if (shape.HoldsRows && !isOfRows && header.Partitions > 0)
            throw new FrameException($"a report of {header.Partitions} partitions of rows, which are held back until the tasks are weighed");
        if (header.Partitions is not (0 or RowPartition.Partitions) || frame.Payload.ByteCount != (header.Slices.LongLength + header.Partitions) * length * sizeof(double))
            throw new FrameException($"a report of {header.Slices.Length} slices and {header.Partitions} partitions came with {frame.Payload.ByteCount} bytes");
        var numbers = MemoryMarshal.Cast<byte, double>(frame.Payload.GetSpan()).ToArray();
        GradientProducts Products(int index) => new(
            numbers[(index * length)..(index * length + pairs)],
            numbers[(index * length + pairs)..(index * length + 2 * pairs)],
            numbers[(index * length + 2 * pairs)..((index + 1) * length)]);
        return new StepReport(
            header.Version,
            [.. header.Slices.Select((slice, index) => new SliceProducts(slice, Products(index)))],
            [.. Enumerable.Range(header.Slices.Length, header.Partitions).Select(Products)]);
    }
}
