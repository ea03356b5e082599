using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace DistMtl.Transport.Tests;

public sealed class TensorConnectionTests
{
    private static readonly TransportSettings s_hasty = TransportSettings.Default with
    {
        ConnectTimeout = TimeSpan.FromMilliseconds(300),
        SendTimeout = TimeSpan.FromMilliseconds(200),
    };

    [Fact]
    public async Task A_connection_closed_between_frames_is_an_end_and_no_error()
    {
        await using var wire = await Wire.OpenAsync();
        await wire.PeerSendAsync(FrameKind.Hello, Headers.Hello, default);
        wire.Peer.Shutdown(SocketShutdown.Send);
        using (var frame = await wire.Connection.ReceiveAsync(Wire.Soon))
            Assert.Equal(Headers.Hello, frame!.Header<HelloHeader>());
        Assert.Null(await wire.Connection.ReceiveAsync(Wire.Soon));
        Assert.Null(await wire.Connection.ReceiveAsync(Wire.Soon));
    }

    [Fact]
    public async Task Numbers_arrive_as_they_were()
    {
        await using var pair = await Pair.OpenAsync();
        float[] parameters_P = [.. Enumerable.Range(0, 1_000_003).Select(i => MathF.Sin(i))];
        parameters_P[5] = float.NaN;
        parameters_P[6] = -0f;
        using var payload = TensorBuffer.Borrow(parameters_P, parameters_P.Length);
        var sending = pair.Accepted.SendAsync(FrameKind.Work, Headers.Work, payload.Bytes, Wire.Soon);
        using var frame = await pair.Connecting.ReceiveAsync(Wire.Soon);
        await sending;

        Assert.Equal(FrameKind.Work, frame!.Kind);
        Assert.Equal(Headers.Work.Coefficients_T, frame.Header<WorkHeader>().Coefficients_T);
        Assert.True(MemoryMarshal.AsBytes(parameters_P.AsSpan()).SequenceEqual(frame.Payload.GetSpan()));
        Assert.InRange(pair.Accepted.SentBytes, parameters_P.Length * sizeof(float), parameters_P.Length * sizeof(float) + 1000);
        Assert.Equal(pair.Accepted.SentBytes, pair.Connecting.ReceivedBytes);
    }

    /// <summary>Around the sizes at which a frame is sent in another manner.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32 << 10)]
    [InlineData((32 << 10) + 1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData((2 << 20) - 1)]
    [InlineData(2 << 20)]
    [InlineData((40 << 20) + 7)]
    public async Task A_payload_of_any_size_arrives(int bytes)
    {
        await using var pair = await Pair.OpenAsync();
        var payload = new byte[bytes];
        new Random(bytes).NextBytes(payload);
        var sending = pair.Connecting.SendAsync(FrameKind.Gradient, Headers.Gradient, payload, Wire.Soon);
        using var frame = await pair.Accepted.ReceiveAsync(Wire.Soon);
        await sending;
        Assert.Equal(Headers.Gradient, frame!.Header<GradientHeader>());
        Assert.True(payload.AsSpan().SequenceEqual(frame.Payload.GetSpan()));
    }

    /// <summary>Of any size: only the end of a large one waits.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData((1 << 20) + 1)]
    public async Task A_frame_that_another_one_follows_comes_with_it_and_not_before(int bytes)
    {
        await using var pair = await Pair.OpenAsync();
        var payload = new byte[bytes];
        Random.Shared.NextBytes(payload);
        await pair.Accepted.SendAsync(FrameKind.Slice, new SliceHeader(1, 2, 3), payload, isFollowed: true, Wire.Soon);
        var receiving = pair.Connecting.ReceiveAsync(Wire.Soon);
        Assert.NotSame(receiving, await Task.WhenAny(receiving, Task.Delay(50, Wire.Soon)));

        await pair.Accepted.SendAsync(FrameKind.Work, Headers.Work, default, Wire.Soon);

        using var first = await receiving;
        Assert.Equal(new SliceHeader(1, 2, 3), first!.Header<SliceHeader>());
        Assert.True(payload.AsSpan().SequenceEqual(first.Payload.GetSpan()));
        using var second = await pair.Connecting.ReceiveAsync(Wire.Soon);
        Assert.Equal(FrameKind.Work, second!.Kind);
    }

    /// <summary>Large frames give way to small ones, so that who follows may be gone before what it follows is.</summary>
    [Fact]
    public async Task A_frame_that_its_follower_has_overtaken_does_not_wait_for_another()
    {
        await using var pair = await Pair.OpenAsync();
        var payload = new byte[(8 << 20) + 5];
        for (var round = 0; round < 20; round++)
        {
            var followed = Task.Run(() => pair.Accepted.SendAsync(FrameKind.Slice, new SliceHeader(1, round, 0), payload, isFollowed: true, Wire.Soon), Wire.Soon);
            var begun = pair.Accepted.SentBytes;
            while (pair.Accepted.SentBytes - begun < 1 << 20 && !followed.IsCompleted)
                await Task.Yield();
            var following = pair.Accepted.SendAsync(FrameKind.Work, Headers.Work, default, Wire.Soon);
            var kinds = new HashSet<FrameKind>();
            for (var i = 0; i < 2; i++)
            {
                using var frame = await pair.Connecting.ReceiveAsync(Wire.Soon);
                kinds.Add(frame!.Kind);
            }
            Assert.Equal(2, kinds.Count);
            await Task.WhenAll(followed, following);
        }
    }

    /// <summary>Else both sides would wait: the sender for credit, the receiver for the frames that it would give it for.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(30 << 10)]
    [InlineData(400 << 10)]
    public async Task Frames_that_wait_for_a_follower_go_out_when_their_credit_is_needed(int bytes)
    {
        await using var pair = await Pair.OpenAsync(TransportSettings.Default with { WindowBytes = 1 << 20 });
        var count = (8 << 20) / (bytes + 256);
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < count; i++)
                await pair.Accepted.SendAsync(FrameKind.Slice, new SliceHeader(1, i, 0), new byte[bytes], isFollowed: true, Wire.Soon);
            await pair.Accepted.SendAsync(FrameKind.Work, Headers.Work, default, Wire.Soon);
        }, Wire.Soon);
        for (var i = 0; i < count; i++)
        {
            using var frame = await pair.Connecting.ReceiveAsync(Wire.Soon);
            Assert.Equal(i, frame!.Header<SliceHeader>().Version);
        }
        await sending;
    }

    [Fact]
    public async Task A_header_of_megabytes_arrives()
    {
        await using var pair = await Pair.OpenAsync();
        var plan = Headers.Plan with { JobYaml = new string('x', 3 << 20) };
        var sending = pair.Accepted.SendAsync(FrameKind.Plan, plan, new byte[] { 7 }, Wire.Soon);
        using var frame = await pair.Connecting.ReceiveAsync(Wire.Soon);
        await sending;
        Assert.Equal(plan.JobYaml, frame!.Header<PlanHeader>().JobYaml);
        Assert.Equal([7], frame.Payload.GetSpan().ToArray());
    }

    [Fact]
    public async Task Frames_of_several_senders_do_not_mix()
    {
        await using var pair = await Pair.OpenAsync();
        static int Length(int i) => i % 4 == 0 ? (2 << 20) + i : 10_000 + i;
        var sending = Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => pair.Connecting.SendAsync(
            FrameKind.Sum, Headers.Sum with { Index = i }, Enumerable.Repeat((byte)i, Length(i)).ToArray(), Wire.Soon))));
        var seen = new HashSet<int>();
        for (var n = 0; n < 40; n++)
        {
            using var frame = await pair.Accepted.ReceiveAsync(Wire.Soon);
            var index = frame!.Header<SumHeader>().Index;
            Assert.True(seen.Add(index));
            Assert.Equal(Length(index), frame.Payload.ByteCount);
            Assert.Equal(-1, frame.Payload.GetSpan().IndexOfAnyExcept((byte)index));
        }
        await sending;
    }

    [Fact]
    public async Task A_frame_cut_off_is_an_error_for_the_receiver()
    {
        await using var wire = await Wire.OpenAsync();
        var frame = await new Recording().FrameAsync(FrameKind.Sum, Headers.Sum, new byte[100]);
        await wire.PeerSendAsync(frame[..50]);
        wire.Peer.Shutdown(SocketShutdown.Send);
        await Assert.ThrowsAsync<FrameException>(() => wire.Connection.ReceiveAsync(Wire.Soon));
        await Assert.ThrowsAsync<FrameException>(() => wire.Connection.ReceiveAsync(Wire.Soon));
        var sending = await Assert.ThrowsAsync<IOException>(() => wire.Connection.SendAsync(FrameKind.Sum, Headers.Sum, default, Wire.Soon));
        Assert.Contains("the connection is lost", sending.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_stops_inside_a_frame_is_given_up_after_the_send_timeout()
    {
        await using var wire = await Wire.OpenAsync(s_hasty);
        var frame = await new Recording().FrameAsync(FrameKind.Sum, Headers.Sum, new byte[100]);
        await wire.PeerSendAsync(frame[..50]);
        var error = await Assert.ThrowsAsync<IOException>(() => wire.Connection.ReceiveAsync(Wire.Soon));
        Assert.Contains("stopped inside a frame for 0.2 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_does_not_read_is_given_up_after_the_send_timeout()
    {
        await using var wire = await Wire.OpenAsync(s_hasty, window: 1L << 40);
        // More than the socket buffers of both ends hold.
        var payload = new byte[128 << 20];
        var error = await Assert.ThrowsAsync<TimeoutException>(() => wire.Connection.SendAsync(FrameKind.Sum, Headers.Sum, payload, Wire.Soon));
        Assert.Contains("took no data for 0.2 s", error.Message, StringComparison.Ordinal);
        var receiving = await Assert.ThrowsAsync<TimeoutException>(() => wire.Connection.ReceiveAsync(Wire.Soon));
        Assert.Same(error, receiving);
    }

    [Fact]
    public async Task A_receive_is_cancelled_and_goes_on_later()
    {
        await using var wire = await Wire.OpenAsync();
        using var cancellation = new CancellationTokenSource();
        var receiving = wire.Connection.ReceiveAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
        await wire.PeerSendAsync(FrameKind.Sum, Headers.Sum, default);
        using var frame = await wire.Connection.ReceiveAsync(Wire.Soon);
        Assert.Equal(FrameKind.Sum, frame!.Kind);
    }

    [Fact]
    public async Task A_dispose_ends_a_receive()
    {
        await using var wire = await Wire.OpenAsync();
        var receiving = wire.Connection.ReceiveAsync(Wire.Soon);
        await wire.Connection.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => receiving.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task What_was_sent_before_a_dispose_arrives()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.Connecting.SendAsync(FrameKind.Failed, Headers.Failed, new byte[3 << 20], Wire.Soon);
        await pair.Connecting.DisposeAsync();
        using var frame = await pair.Accepted.ReceiveAsync(Wire.Soon);
        Assert.Equal(Headers.Failed, frame!.Header<FailedHeader>());
        Assert.Null(await pair.Accepted.ReceiveAsync(Wire.Soon));
    }

    [Fact]
    public async Task One_who_is_not_there_yet_is_waited_for()
    {
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        // Bound, but nobody listens: connections are refused until the listener takes the port over.
        var connecting = TensorConnection.ConnectAsync("127.0.0.1", port, TransportSettings.Default with { ConnectTimeout = TimeSpan.FromSeconds(20) }, Wire.Soon);
        Assert.False(connecting.IsCompleted);
        taken.Dispose();
        using var listener = TensorListener.Bind(IPAddress.Loopback, port, TransportSettings.Default);
        await using var connection = await connecting;
    }

    [Fact]
    public async Task One_who_never_comes_is_given_up_at_the_connect_deadline()
    {
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var error = await Assert.ThrowsAsync<TimeoutException>(() => TensorConnection.ConnectAsync("127.0.0.1", port, s_hasty, Wire.Soon));
        Assert.Contains($"no connection to 127.0.0.1:{port} within 0.3 s: Connection refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_who_takes_the_connection_and_says_nothing_is_given_up_at_the_connect_deadline()
    {
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => TensorConnection.ConnectAsync("127.0.0.1", ((IPEndPoint)silent.LocalEndPoint!).Port, s_hasty, Wire.Soon));
        Assert.Contains("does not greet", error.Message, StringComparison.Ordinal);
    }
}
