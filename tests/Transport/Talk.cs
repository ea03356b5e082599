using System.Net;

namespace DistMtl.Transport.Tests;

/// <summary>Two ends that send each other frames of many sizes at once, through a relay.</summary>
internal sealed class Talk
{
    /// <summary>How many each end sends.</summary>
    public const int Frames = 24;

    /// <summary>Small, so that credits pass all the time.</summary>
    private const int Window = 256 << 10;

    private const string Job = "job-1";

    private static readonly byte[] s_bytes = Bytes();

    private readonly TransportSettings _settings;
    private readonly bool _isLong;
    private readonly CancellationToken _deadline;

    private Talk(TransportSettings settings, TimeSpan deadline, bool isLong) =>
        (_settings, _deadline, _isLong) = (settings, new CancellationTokenSource(deadline).Token, isLong);

    /// <summary>What the connecting end and the accepting end have heard.</summary>
    /// <param name="patience">Of the connection; the ends themselves wait a little longer for what doesn't come.</param>
    /// <param name="isLong">Whether one of the frames goes in several pieces.</param>
    public static async Task<(Heard Connecting, Heard Accepting)> RunAsync(Func<int, int> via, TimeSpan patience, bool isLong)
    {
        var settings = new TransportSettings(patience, patience, patience) { WindowBytes = Window };
        return await new Talk(settings, 1.5 * patience, isLong).RunAsync(via);
    }

    private async Task<(Heard, Heard)> RunAsync(Func<int, int> via)
    {
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, _settings);
        var accepting = AcceptAsync(listener);
        var connecting = ConnectAsync(via(listener.Port));
        var ends = await Task.WhenAll(connecting, accepting);
        foreach (var (connection, _) in ends)
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
        return (ends[0].Heard, ends[1].Heard);
    }

    private async Task<(TensorConnection? Connection, Heard Heard)> ConnectAsync(int port)
    {
        TensorConnection? connection = null;
        try
        {
            connection = await TensorConnection.ConnectAsync("127.0.0.1", port, _settings, _deadline);
            await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, Job, "w"), default, _deadline);
        }
        catch (Exception e) when (Heard.IsDue(e))
        {
            if (connection is not null)
                await connection.DisposeAsync();
            return (null, new Heard(0, e));
        }
        return (connection, await ConverseAsync(connection));
    }

    private async Task<(TensorConnection? Connection, Heard Heard)> AcceptAsync(TensorListener listener)
    {
        using var refused = CancellationTokenSource.CreateLinkedTokenSource(_deadline);
        string? reason = null;
        try
        {
            var (connection, _) = await listener.AcceptAsync(Job, why => { reason = why; refused.Cancel(); }, refused.Token);
            return (connection, await ConverseAsync(connection));
        }
        catch (OperationCanceledException e)
        {
            return (null, new Heard(0, reason is null ? e : new IOException(reason)));
        }
    }

    private async Task<Heard> ConverseAsync(TensorConnection connection)
    {
        var sending = SendAllAsync(connection);
        var frames = 0;
        Exception? error = null;
        try
        {
            for (; frames < Frames && await connection.ReceiveAsync(_deadline) is { } received; frames++)
            {
                using var frame = received;
                var header = frame.Header<GradientHeader>();
                Assert.Equal(Header(frames), header);
                Assert.True(frame.Payload.GetSpan().SequenceEqual(PayloadOf(frames).Span), $"another payload of frame {frames}");
            }
        }
        catch (Exception e) when (Heard.IsDue(e))
        {
            error = e;
        }
        // As every owner does: a connection that has failed is closed, and so is one that has ended too early.
        if (frames < Frames)
            await connection.DisposeAsync();
        await sending;
        return new Heard(frames, error);
    }

    private async Task SendAllAsync(TensorConnection connection)
    {
        try
        {
            for (var i = 0; i < Frames; i++)
                await connection.SendAsync(FrameKind.Gradient, Header(i), PayloadOf(i), isFollowed: i % 5 == 2, CancellationToken.None);
        }
        catch (Exception e) when (Heard.IsDue(e))
        {
            // The other end has not heard it then, and says so.
        }
    }

    private static GradientHeader Header(int frame) => new(1, frame, 2, 3, 4);

    private ReadOnlyMemory<byte> PayloadOf(int frame)
    {
        var length = frame == Frames / 2 && _isLong ? FrameFormat.ChunkBytes + 5000 : frame % 6 == 5 ? 30_000 : frame % 3 * 3000;
        return s_bytes.AsMemory(frame, length);
    }

    private static byte[] Bytes()
    {
        var bytes = new byte[(1 << 20) + 10_000];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}

/// <summary>What one end has heard: the first of the frames that were sent, each as it was.</summary>
/// <param name="Error">Why it heard no more; null: all were there, or the other end has closed the connection between two frames.</param>
internal sealed record Heard(int Frames, Exception? Error)
{
    public bool IsAll => Frames == Talk.Frames;

    /// <summary>Whether it has waited for more until its own deadline.</summary>
    public bool IsSilence => Error is OperationCanceledException;

    /// <summary>What a connection may fail with.</summary>
    public static bool IsDue(Exception e) => e is IOException or TimeoutException or OperationCanceledException;
}
