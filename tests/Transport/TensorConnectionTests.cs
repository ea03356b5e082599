namespace DistMtl.Transport.Tests;

public sealed class TensorConnectionTests
{
    [Fact]
    public async Task A_connection_closed_between_frames_is_an_end_and_no_error()
    {
        var bytes = await Wire.BytesOfAsync(FrameKind.Hello, Headers.Hello, []);
        await using var wire = await Wire.OpenAsync();
        using (var frame = await wire.ReceiveAsync(bytes))
            Assert.Equal(Headers.Hello, frame!.Header<HelloHeader>());
        Assert.Null(await wire.Connection.ReceiveAsync(Wire.Soon));
        Assert.Equal(bytes.Length, wire.Connection.ReceivedBytes);
    }

    [Fact]
    public async Task Numbers_arrive_as_they_were()
    {
        var settings = TransportSettings.Default;
        using var listener = TensorListener.Bind(System.Net.IPAddress.Loopback, 0, settings);
        await using var worker = await TensorConnection.ConnectAsync("127.0.0.1", listener.Port, settings, Wire.Soon);
        await worker.SendAsync(FrameKind.Hello, Headers.Hello, default, Wire.Soon);
        var (coordinator, _) = await listener.AcceptAsync("job-1", _ => { }, Wire.Soon);
        await using var accepted = coordinator;

        float[] parameters_P = [.. Enumerable.Range(0, 1_000_003).Select(i => MathF.Sin(i))];
        parameters_P[5] = float.NaN;
        parameters_P[6] = -0f;
        using var payload = TensorBuffer.Borrow(parameters_P, parameters_P.Length);
        var sending = coordinator.SendAsync(FrameKind.Work, Headers.Work, payload.Bytes, Wire.Soon);
        using var frame = await worker.ReceiveAsync(Wire.Soon);
        await sending;

        Assert.Equal(FrameKind.Work, frame!.Kind);
        Assert.Equal(Headers.Work.Coefficients_T, frame.Header<WorkHeader>().Coefficients_T);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.AsBytes(parameters_P.AsSpan()).SequenceEqual(frame.Payload.GetSpan()));
    }

    [Fact]
    public async Task Frames_of_several_senders_do_not_mix()
    {
        await using var wire = await Wire.OpenAsync();
        var sending = Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => wire.Connection.SendAsync(
            FrameKind.Sum, Headers.Sum with { Index = i }, Enumerable.Repeat((byte)i, 10_000 + i).ToArray(), Wire.Soon))));
        await using var reader = await Wire.OpenAsync();
        var copying = CopyAsync(wire, reader);
        var seen = new HashSet<int>();
        for (var n = 0; n < 40; n++)
        {
            using var frame = await reader.Connection.ReceiveAsync(Wire.Soon);
            var index = frame!.Header<SumHeader>().Index;
            Assert.True(seen.Add(index));
            Assert.Equal(10_000 + index, frame.Payload.ByteCount);
            Assert.Equal(-1, frame.Payload.GetSpan().IndexOfAnyExcept((byte)index));
        }
        await sending;
        await wire.Connection.DisposeAsync();
        await copying;
    }

    [Fact]
    public async Task A_peer_that_does_not_read_is_given_up_after_the_send_timeout()
    {
        await using var wire = await Wire.OpenAsync(TransportSettings.Default with { SendTimeout = TimeSpan.FromMilliseconds(200) });
        // More than the socket buffers of both ends hold.
        var payload = new byte[64 << 20];
        var error = await Assert.ThrowsAsync<TimeoutException>(() => wire.Connection.SendAsync(FrameKind.Sum, Headers.Sum, payload, Wire.Soon));
        Assert.Contains("took no data", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receive_is_cancelled_and_a_dispose_ends_it()
    {
        await using var wire = await Wire.OpenAsync();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wire.Connection.ReceiveAsync(cancellation.Token));

        var receiving = wire.Connection.ReceiveAsync(Wire.Soon);
        await wire.Connection.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => receiving.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.True(receiving.Exception!.InnerException is IOException or ObjectDisposedException);
    }

    private static async Task CopyAsync(Wire from, Wire to)
    {
        var buffer = new byte[65536];
        while (true)
        {
            var got = 0;
            try
            {
                got = await from.Peer.ReceiveAsync(buffer, Wire.Soon);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Disposing a connection aborts it.
            }
            if (got == 0)
                return;
            await to.Peer.SendAsync(buffer.AsMemory(0, got), Wire.Soon);
        }
    }
}
