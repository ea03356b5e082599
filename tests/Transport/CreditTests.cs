namespace DistMtl.Transport.Tests;

/// <summary>What is sent ahead of its being consumed is bounded, and nobody waits for ever for anybody.</summary>
public sealed class CreditTests
{
    private static readonly TransportSettings s_narrow = TransportSettings.Default with { WindowBytes = 1 << 20 };

    [Fact]
    public async Task A_slow_consumer_bounds_what_is_received_ahead()
    {
        await using var pair = await Pair.OpenAsync(s_narrow);
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < 200; sent++)
                await pair.Connecting.SendAsync(FrameKind.Gradient, Headers.Gradient with { Index = sent }, new byte[100_000], Wire.Soon);
        });
        for (var n = 0; n < 200; n++)
        {
            using var frame = await pair.Accepted.ReceiveAsync(Wire.Soon);
            Assert.Equal(n, frame!.Header<GradientHeader>().Index);
            Assert.InRange(pair.Accepted.UnconsumedBytes, 100_000, 1 << 20);
            Assert.InRange(Volatile.Read(ref sent), 0, n + 11);
        }
        await sending;
    }

    [Fact]
    public async Task Empty_frames_are_bounded_too()
    {
        await using var wire = await Wire.OpenAsync(s_narrow with { SendTimeout = TimeSpan.FromMilliseconds(200) }, window: 10_000);
        var sent = 0;
        await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            for (; ; sent++)
                await wire.Connection.SendAsync(FrameKind.Slice, Headers.Slice, default, Wire.Soon);
        });
        Assert.Equal(10_000 / (256 + 4), sent);
    }

    [Fact]
    public async Task A_peer_that_consumes_nothing_is_given_up_after_the_send_timeout()
    {
        await using var pair = await Pair.OpenAsync(s_narrow with { SendTimeout = TimeSpan.FromMilliseconds(200) });
        var error = await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            while (true)
                await pair.Connecting.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[100_000], Wire.Soon);
        });
        Assert.Contains("took no data for 0.2 s: it has consumed nothing of the 1048576 bytes", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Each sends many windows at once, in large and small frames; credits pass between the pieces of large ones.</summary>
    [Fact]
    public async Task Both_sides_send_much_at_once()
    {
        await using var pair = await Pair.OpenAsync(s_narrow);
        await Task.WhenAll(
            SendAsync(pair.Connecting), SendAsync(pair.Accepted), ReceiveAsync(pair.Connecting, _ => Task.CompletedTask), ReceiveAsync(pair.Accepted, _ => Task.CompletedTask))
            .WaitAsync(Wire.Soon);
    }

    /// <summary>One side receives nothing while it answers; its credits come in all the same.</summary>
    [Fact]
    public async Task A_consumer_that_is_busy_sending_holds_nobody_up()
    {
        await using var pair = await Pair.OpenAsync(s_narrow);
        var payload = new byte[3 << 20];
        await Task.WhenAll(
            SendAsync(pair.Connecting),
            ReceiveAsync(pair.Accepted, frame => pair.Accepted.SendAsync(FrameKind.Gradient, frame.Header<GradientHeader>(), payload, Wire.Soon)),
            ReceiveAsync(pair.Connecting, _ => Task.CompletedTask))
            .WaitAsync(Wire.Soon);
    }

    [Fact]
    public async Task A_frame_larger_than_the_window_is_sent_and_the_next_one_follows()
    {
        await using var pair = await Pair.OpenAsync(s_narrow);
        var sending = Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            pair.Connecting.SendAsync(FrameKind.Slice, Headers.Slice, new byte[5 << 20], Wire.Soon)));
        using var first = await pair.Accepted.ReceiveAsync(Wire.Soon);
        using var second = await pair.Accepted.ReceiveAsync(Wire.Soon);
        Assert.False(sending.IsCompleted);
        first!.Dispose();
        using var third = await pair.Accepted.ReceiveAsync(Wire.Soon);
        second!.Dispose();
        using var fourth = await pair.Accepted.ReceiveAsync(Wire.Soon);
        await sending;
    }

    [Fact]
    public async Task Frames_that_are_kept_let_the_peer_go_on()
    {
        await using var pair = await Pair.OpenAsync(s_narrow);
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
                await pair.Connecting.SendAsync(FrameKind.Predictions, Headers.Predictions with { Shard = i }, new byte[100_000], Wire.Soon);
        });
        var kept = new List<Frame>();
        for (var n = 0; n < 50; n++)
        {
            kept.Add((await pair.Accepted.ReceiveAsync(Wire.Soon))!);
            kept[n].Keep();
        }
        await sending;
        Assert.Equal(0, pair.Accepted.UnconsumedBytes);
        kept.ForEach(frame => frame.Dispose());
        Assert.Equal(0, pair.Accepted.UnconsumedBytes);
    }

    [Fact]
    public async Task A_peer_that_sends_more_than_it_may_is_found()
    {
        await using var wire = await Wire.OpenAsync(s_narrow);
        for (var i = 0; i < 11; i++)
            await wire.PeerSendAsync(FrameKind.Gradient, Headers.Gradient, new byte[100_000]);
        for (var i = 0; i < 10; i++)
            Assert.NotNull(await wire.Connection.ReceiveAsync(Wire.Soon));
        var error = await Assert.ThrowsAsync<FrameException>(() => wire.Connection.ReceiveAsync(Wire.Soon));
        Assert.Contains("more than the 1048576 bytes that it may send ahead", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, Wire.Window)]
    [InlineData(-1, Wire.Window)]
    [InlineData(0, 2 * Wire.Window)]
    public async Task A_credit_that_can_not_be_is_refused(long consumed, long window)
    {
        await using var wire = await Wire.OpenAsync();
        await wire.PeerGrantAsync(consumed, window);
        var error = await Assert.ThrowsAsync<FrameException>(() => wire.Connection.ReceiveAsync(Wire.Soon));
        Assert.Contains("the peer says that it has consumed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_who_waits_for_credit_learns_that_the_peer_is_gone()
    {
        await using var wire = await Wire.OpenAsync(window: 1200);
        await wire.Connection.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[1000], Wire.Soon);
        await wire.Connection.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[1000], Wire.Soon);
        var waiting = wire.Connection.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[1000], Wire.Soon);
        Assert.False(waiting.IsCompleted);
        wire.Peer.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.Contains("the peer has closed the connection", (await Assert.ThrowsAsync<IOException>(() => waiting)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_for_credit_can_be_cancelled_and_the_connection_goes_on()
    {
        await using var wire = await Wire.OpenAsync(window: 1200);
        await wire.Connection.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[1000], Wire.Soon);
        await wire.Connection.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[1000], Wire.Soon);
        using var cancellation = new CancellationTokenSource();
        var waiting = wire.Connection.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[1000], cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await wire.PeerGrantAsync(600, 1200);
        await wire.Connection.SendAsync(FrameKind.Gradient, Headers.Gradient, new byte[1000], Wire.Soon);
    }

    /// <summary>A small frame need not wait for the end of a large one that the peer takes slowly.</summary>
    [Fact]
    public async Task A_small_frame_passes_between_the_pieces_of_a_large_one()
    {
        await using var wire = await Wire.OpenAsync(window: 1L << 30);
        var large = wire.Connection.SendAsync(FrameKind.Slice, Headers.Slice, new byte[64 << 20], Wire.Soon);
        Assert.False(large.IsCompleted);
        var small = wire.Connection.SendAsync(FrameKind.Sum, Headers.Sum, new byte[] { 1, 2, 3 }, Wire.Soon);
        using (var first = await wire.PeerReader.ReadAsync(FrameFormat.MaxHeaderBytes, FrameFormat.MaxPayloadBytes, Wire.Soon))
            Assert.Equal((FrameKind.Sum, 3), (first!.Kind, first.Payload.ByteCount));
        using (var second = await wire.PeerReader.ReadAsync(FrameFormat.MaxHeaderBytes, FrameFormat.MaxPayloadBytes, Wire.Soon))
            Assert.Equal((FrameKind.Slice, 64 << 20), (second!.Kind, second.Payload.ByteCount));
        await Task.WhenAll(large, small);
    }

    private static async Task SendAsync(TensorConnection connection)
    {
        var payload = new byte[3 << 20];
        for (var i = 0; i < 30; i++)
            await connection.SendAsync(FrameKind.Gradient, Headers.Gradient with { Index = i }, payload.AsMemory(0, i % 2 == 0 ? payload.Length : 1000), Wire.Soon);
    }

    private static async Task ReceiveAsync(TensorConnection connection, Func<Frame, Task> consume)
    {
        for (var n = 0; n < 30; n++)
        {
            using var frame = await connection.ReceiveAsync(Wire.Soon);
            Assert.Equal(n, frame!.Header<GradientHeader>().Index);
            await consume(frame);
        }
    }
}
