using DistMtl.Protocol;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>Answers pulls with the rows' values as they are now, in one frame or in two.</summary>
/// <param name="index">Of the server.</param>
internal sealed class RowSender(ServerShape shape, int index, ServerState state, IWorkerLinks workers)
{
    /// <summary>Begins to send the rows that the present step does not touch.</summary>
    /// <param name="touched">By the present step.</param>
    /// <returns>To be kept with the pull: <see cref="SendAsync(WaitingPull, CancellationToken)"/> waits for it, and meets its failure.</returns>
    public EarlyRows SendAhead(WaitingPull pull, RowLists touched, CancellationToken cancellation)
    {
        var mask = RowMask.Without(pull.Rows, touched);
        return new EarlyRows(mask, Task.Run(() => SendAsync(pull, mask.Select(isIn: true).Rows, RowsPart.Untouched, mask.Bytes.ToArray(), cancellation), cancellation));
    }

    /// <summary>Sends what of a pull has not been sent ahead.</summary>
    public async Task SendAsync(WaitingPull pull, CancellationToken cancellation)
    {
        if (pull.Early is not { } early)
        {
            await SendAsync(pull, pull.Rows, RowsPart.All, [], cancellation);
            return;
        }
        await early.Sending;
        await SendAsync(pull, early.Mask.Select(isIn: false).Rows, RowsPart.Touched, [], cancellation);
    }

    /// <param name="mask">Comes before the values.</param>
    private async Task SendAsync(WaitingPull pull, RowLists rows, RowsPart part, byte[] mask, CancellationToken cancellation)
    {
        using var span = TraceSource.Server.Begin(part == RowsPart.Untouched ? "send rows ahead" : "send rows", "send rows", pull.Version, server: index);
        using var payload = TensorBuffer.Rent(mask.Length + (long)shape.Tables.ValuesLength(rows) * sizeof(float));
        mask.CopyTo(payload.GetSpan());
        Read(rows, payload.Numbers[(mask.Length / sizeof(float))..]);
        await workers.SendAsync(
            pull.Worker, FrameKind.Rows, new RowsHeader(shape.Generation, pull.Version, index, pull.Node.Level, pull.Node.Index, part), payload.Bytes, cancellation);
    }

    /// <summary>The values of these rows now.</summary>
    private void Read(RowLists rows, Span<float> values)
    {
        for (var i = 0; i < state.Tables.Length; i++)
        {
            var list = rows.Lists[shape.Tables.Tables[i].RowList];
            var length = list.Length * shape.Tables.Tables[i].Dim;
            lock (state.Tables[i])
                state.Tables[i].Read(list, values[..length]);
            values = values[length..];
        }
    }
}
