using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace DistMtl.Transport.Tests;

/// <summary>Who may take part: one that says hello in time, in this version, for this job.</summary>
public sealed class TensorListenerTests : IDisposable
{
    private static readonly TransportSettings s_settings = TransportSettings.Default with { HelloTimeout = TimeSpan.FromMilliseconds(500) };

    private readonly TensorListener _listener = TensorListener.Bind(IPAddress.Loopback, 0, s_settings);
    private readonly List<Socket> _strangers = [];
    private readonly Channel<string> _refusals = Channel.CreateUnbounded<string>();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_worker_of_the_job_is_let_in()
    {
        Assert.Equal(Headers.Hello, await AcceptAfterAsync(_ => Task.CompletedTask));
        Assert.False(_refusals.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Silence_is_refused_after_the_deadline() =>
        await AssertRefusedAsync(_ => Task.CompletedTask, "no hello in time");

    [Fact]
    public async Task Half_a_hello_is_refused_after_the_deadline()
    {
        var hello = await HelloBytesAsync(FrameKind.Hello, Headers.Hello);
        await AssertRefusedAsync(socket => socket.SendAsync(hello.AsMemory(0, 20)).AsTask(), "no hello in time");
    }

    [Fact]
    public Task Another_protocol_is_refused() =>
        AssertRefusedAsync(socket => socket.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray()), "wrong magic number");

    [Fact]
    public Task Another_job_is_refused() =>
        AssertRefusedAsync(FrameKind.Hello, Headers.Hello with { Job = "job-2" }, "is here for job job-2, not job-1");

    [Fact]
    public Task Another_version_is_refused() =>
        AssertRefusedAsync(FrameKind.Hello, Headers.Hello with { Version = 3 }, "speaks version 3 of the wire format, not 2");

    [Fact]
    public Task Another_kind_of_frame_is_refused() =>
        AssertRefusedAsync(FrameKind.Ready, Headers.Ready, "Ready instead of hello");

    [Fact]
    public Task A_stranger_that_announces_gigabytes_is_refused_before_they_are_allocated()
    {
        var prefix = new byte[FrameFormat.PrefixBytes];
        FrameFormat.WritePrefix(prefix, FrameKind.Hello, 30, 1L << 32);
        return AssertRefusedAsync(socket => socket.SendAsync(prefix), "where a hello was due");
    }

    [Fact]
    public Task A_hello_that_is_no_hello_is_refused() =>
        AssertRefusedAsync(FrameKind.Hello, Headers.Sum, "unreadable HelloHeader");

    [Fact]
    public Task One_that_hangs_up_is_refused() => AssertRefusedAsync(
        socket =>
        {
            socket.Shutdown(SocketShutdown.Both);
            return Task.CompletedTask;
        },
        "closed without a hello");

    [Fact]
    public async Task A_worker_of_version_1_is_refused() =>
        await AssertRefusedAsync(socket => socket.SendAsync("DMTL\x16\0\0\x01\0\0\0\0\0\0\0\0"u8.ToArray()), "speaks version 1 of the wire format");

    /// <summary>The deadline of a stranger that says nothing is minutes away.</summary>
    [Fact]
    public async Task Strangers_who_are_slow_to_say_hello_hold_nobody_up()
    {
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, s_settings with { HelloTimeout = TimeSpan.FromMinutes(5) });
        for (var i = 0; i < 20; i++)
            await StrangerAsync(listener.Port);
        await using var worker = await TensorConnection.ConnectAsync("127.0.0.1", listener.Port, s_settings, Wire.Soon);
        await worker.SendAsync(FrameKind.Hello, Headers.Hello, default, Wire.Soon);
        var (connection, hello) = await listener.AcceptAsync("job-1", Refuse, Wire.Soon);
        await connection.DisposeAsync();
        Assert.Equal(Headers.Hello, hello);
    }

    [Fact]
    public async Task A_listener_that_is_closed_says_so_and_lets_go_of_those_who_wait()
    {
        var accepting = _listener.AcceptAsync("job-1", Refuse, Wire.Soon);
        var stranger = await StrangerAsync(_listener.Port);
        _listener.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => accepting);
        var buffer = new byte[100];
        try
        {
            while (await stranger.ReceiveAsync(buffer, Wire.Soon) > 0)
            {
                // The greeting.
            }
        }
        catch (SocketException)
        {
            // Reset, which is an end, too.
        }
    }

    private void Refuse(string why) => Assert.True(_refusals.Writer.TryWrite(why));

    private async Task AssertRefusedAsync<T>(FrameKind kind, T header, string why)
    {
        var bytes = await HelloBytesAsync(kind, header);
        await AssertRefusedAsync(socket => socket.SendAsync(bytes), why);
    }

    private static Task<byte[]> HelloBytesAsync<T>(FrameKind kind, T header) => new Recording().FrameAsync(kind, header, default);

    private async Task<Socket> StrangerAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // Held: a collected socket is closed, and a stranger that hangs up is another case.
        _strangers.Add(socket);
        await socket.ConnectAsync(IPAddress.Loopback, port, Wire.Soon);
        return socket;
    }

    /// <summary>The stranger is turned away with a reason, and a worker is let in all the same.</summary>
    private async Task AssertRefusedAsync(Func<Socket, Task> stranger, string why)
    {
        Assert.Equal(Headers.Hello, await AcceptAfterAsync(async port => await stranger(await StrangerAsync(port))));
        using var enough = new CancellationTokenSource();
        var accepting = _listener.AcceptAsync("job-1", Refuse, enough.Token);
        Assert.Contains(why, await _refusals.Reader.ReadAsync(Wire.Soon), StringComparison.Ordinal);
        Assert.False(_refusals.Reader.TryRead(out _));
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
    }

    private async Task<HelloHeader> AcceptAfterAsync(Func<int, Task> before)
    {
        var accepting = _listener.AcceptAsync("job-1", Refuse, Wire.Soon);
        await before(_listener.Port);
        await using var worker = await TensorConnection.ConnectAsync("127.0.0.1", _listener.Port, s_settings, Wire.Soon);
        await worker.SendAsync(FrameKind.Hello, Headers.Hello, default, Wire.Soon);
        var (connection, hello) = await accepting;
        await connection.DisposeAsync();
        return hello;
    }
}
