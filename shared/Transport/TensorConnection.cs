using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace DistMtl.Transport;

/// <summary>
/// One TCP connection of the tensor plane. Sending is safe from several threads; receiving is for one reader. A task of its
/// own receives from the first send or receive on, so that the peer's credits come in while this side is busy; what it
/// receives ahead is bounded by the window. A connection that failed once is of no more use: its owner closes it.
/// </summary>
public sealed class TensorConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly TimeSpan _sendTimeout;

    /// <summary>Frames wait for credit in the order in which they came: a large one is not overtaken for ever by small ones.</summary>
    private readonly SemaphoreSlim _beginning = new(1, 1);

    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly SemaphoreSlim _sendingLarge = new(1, 1);
    private readonly SendCredit _sendCredit;
    private readonly ReceiveCredit _receiveCredit;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer;
    private readonly Channel<Frame> _frames = Channel.CreateUnbounded<Frame>();
    private readonly CancellationTokenSource _closed = new();
    private readonly Lazy<Task> _receiving;
    private Exception? _failure;
    private int _announcing;
    private int _followers;

    /// <param name="stream">Over the socket, which it owns; encrypted, or the socket's own.</param>
    internal TensorConnection(Socket socket, Stream stream, TransportSettings settings)
    {
        _socket = socket;
        _stream = stream;
        _sendTimeout = settings.SendTimeout;
        _sendCredit = new SendCredit(settings.SendTimeout);
        _receiveCredit = new ReceiveCredit(settings.WindowBytes, Announce);
        _reader = new FrameReader(stream, settings.SendTimeout, _receiveCredit, _sendCredit.Grant);
        _writer = new FrameWriter(stream);
        _receiving = new Lazy<Task>(() => Task.Run(PumpAsync));
    }

    public EndPoint? Peer => _socket.Connected ? _socket.RemoteEndPoint : null;

    /// <summary>All bytes, those of credits and checksums included; under TLS before its encryption.</summary>
    public long ReceivedBytes => _reader.ReadBytes;

    /// <summary>As <see cref="ReceivedBytes"/>.</summary>
    public long SentBytes => _writer.WrittenBytes;

    /// <summary>
    /// Where payloads go; null: into pooled buffers. Set before the first send or receive on the connection, or between
    /// frames of which the peer sends none unasked.
    /// </summary>
    public PayloadPlacement? Placement
    {
        get => _reader.Placement;
        set => _reader.Placement = value;
    }

    /// <summary>Bytes of frames that have come and are not consumed yet.</summary>
    public long UnconsumedBytes => _receiveCredit.Unconsumed;

    /// <summary>Connects, and tries again until the connect timeout while nobody listens there.</summary>
    /// <exception cref="TimeoutException">Nobody answered in time.</exception>
    /// <exception cref="IOException">Who answered does not speak this protocol, or hung up.</exception>
    /// <exception cref="Protocol.JobException">One side does not trust the other's certificate, or a file of <see cref="TlsSettings"/> is of no use.</exception>
    public static Task<TensorConnection> ConnectAsync(string host, int port, TransportSettings settings, CancellationToken cancellation) =>
        new Dialler(host, port, settings).ConnectAsync(cancellation);

    /// <summary>Sends one frame; returns when the operating system has taken all of it.</summary>
    /// <exception cref="TimeoutException">The peer did not read, or consumed nothing, for the send timeout.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    public Task SendAsync<T>(FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        SendAsync(kind, header, payload, isFollowed: false, cancellation);

    /// <summary>As above.</summary>
    /// <param name="isFollowed">
    /// Another frame, without which the peer has no use for this one, is given to be sent soon after this one has been: the end of
    /// this one, or all of it if it is small, may wait here to go out with that.
    /// </param>
    public async Task SendAsync<T>(FrameKind kind, T header, ReadOnlyMemory<byte> payload, bool isFollowed, CancellationToken cancellation)
    {
        Start();
        // Who follows may come past a frame that is still waiting for its turn.
        var followers = isFollowed ? Volatile.Read(ref _followers) : Interlocked.Increment(ref _followers);
        bool Waits() => isFollowed && Volatile.Read(ref _followers) == followers && !_writer.IsFull;
        var body = FrameFormat.Serialize(header);
        try
        {
            var charge = await TakeCreditAsync(body.Length, payload.Length, cancellation);
            if (payload.Length <= FrameFormat.ChunkBytes)
                await SendSmallAsync(kind, body, payload, charge, Waits, cancellation);
            else
                await SendLargeAsync(kind, body, payload, charge, Waits, cancellation);
        }
        catch (TimeoutException e)
        {
            Fail(e);
            throw;
        }
    }

    /// <summary>Waits for the next frame; null when the peer closed the connection between two frames.</summary>
    /// <exception cref="FrameException">What came is damaged or no frame.</exception>
    /// <exception cref="IOException">The connection is lost, or the peer stopped inside a frame for the send timeout.</exception>
    public async Task<Frame?> ReceiveAsync(CancellationToken cancellation)
    {
        Start();
        while (await _frames.Reader.WaitToReadAsync(cancellation))
        {
            if (_frames.Reader.TryRead(out var frame))
                return frame;
        }
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        // In the middle of something, whoever is stuck must come back at once. Otherwise what was sent last shall arrive.
        var isIdle = _sending.CurrentCount > 0 && _sendingLarge.CurrentCount > 0;
        End(new ObjectDisposedException(nameof(TensorConnection), "the connection was closed on this side"), isAbrupt: !isIdle);
        if (_receiving.IsValueCreated)
            await _receiving.Value;
        _frames.Writer.TryComplete();
        while (_frames.Reader.TryRead(out var left))
            left.Dispose();
        _reader.Dispose();
    }

    /// <summary>First of all on both sides: tells the window, without which the other side sends nothing.</summary>
    internal async Task GreetAsync(CancellationToken cancellation)
    {
        _writer.Credit(_receiveCredit.Announce(), _receiveCredit.Window);
        await _writer.FlushAsync(cancellation);
    }

    /// <summary>Waits for the other side's <see cref="GreetAsync"/>.</summary>
    internal Task ReceiveGreetingAsync(CancellationToken cancellation) => _reader.ReadGreetingAsync(cancellation);

    /// <summary>The first frame of a connection: nothing is allocated for a stranger that says it will send much.</summary>
    /// <exception cref="FrameException">What came is damaged, no frame, or larger than a hello can be.</exception>
    internal ValueTask<Frame?> ReceiveHelloAsync(CancellationToken cancellation) => _reader.ReadAsync(FrameFormat.MaxHelloBytes, 0, cancellation);

    private void Start() => _ = _receiving.Value;

    private async Task PumpAsync()
    {
        try
        {
            while (await _reader.ReadAsync(FrameFormat.MaxHeaderBytes, FrameFormat.MaxPayloadBytes, _closed.Token) is { } frame)
            {
                if (!_frames.Writer.TryWrite(frame))
                    frame.Dispose();
            }
            _frames.Writer.TryComplete();
            _sendCredit.Fail(new IOException("the peer has closed the connection"));
        }
        catch (Exception e)
        {
            // Whatever it is: it ends the connection, and the receiver gets to know it.
            Fail(e);
        }
    }

    private async ValueTask<long> TakeCreditAsync(int headerBytes, long payloadBytes, CancellationToken cancellation)
    {
        await _beginning.WaitAsync(cancellation);
        try
        {
            if (_sendCredit.TryTake(headerBytes, payloadBytes) is { } charge)
                return charge;
            // What waits here may be what the peer has to consume first.
            await FlushAsync(cancellation);
            return await _sendCredit.TakeAsync(headerBytes, payloadBytes, cancellation);
        }
        finally
        {
            _beginning.Release();
        }
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        await _sending.WaitAsync(cancellation);
        await WriteAsync(token => _writer.FlushAsync(token), cancellation);
    }

    /// <param name="waits">Whether what has been written may wait for what follows.</param>
    private async Task SendSmallAsync(FrameKind kind, byte[] body, ReadOnlyMemory<byte> payload, long charge, Func<bool> waits, CancellationToken cancellation)
    {
        await WaitAsync(_sending, charge, cancellation);
        await WriteAsync(
            async token =>
            {
                _writer.Head(kind, body, payload.Length);
                if (!payload.IsEmpty)
                    await _writer.ChunkAsync(payload, token);
                if (!waits())
                    await _writer.FlushAsync(token);
            },
            cancellation);
    }

    /// <summary>Gives way to small frames and credits after each chunk.</summary>
    private async Task SendLargeAsync(FrameKind kind, byte[] body, ReadOnlyMemory<byte> payload, long charge, Func<bool> waits, CancellationToken cancellation)
    {
        await WaitAsync(_sendingLarge, charge, cancellation);
        try
        {
            await WaitAsync(_sending, charge, cancellation);
            for (var sent = 0; sent < payload.Length; sent += FrameFormat.ChunkBytes)
            {
                var (isFirst, isLast) = (sent == 0, payload.Length - sent <= FrameFormat.ChunkBytes);
                var chunk = payload.Slice(sent, Math.Min(FrameFormat.ChunkBytes, payload.Length - sent));
                // Not to be cancelled between two chunks: the rest of the frame must follow, or the connection end.
                if (!isFirst)
                    await _sending.WaitAsync(CancellationToken.None);
                await WriteAsync(
                    async token =>
                    {
                        if (isFirst)
                            _writer.Head(kind, body, payload.Length);
                        await _writer.ChunkAsync(chunk, token);
                        if (isLast && !waits())
                            await _writer.FlushAsync(token);
                    },
                    cancellation);
            }
        }
        finally
        {
            _sendingLarge.Release();
        }
    }

    private async ValueTask WaitAsync(SemaphoreSlim turn, long charge, CancellationToken cancellation)
    {
        try
        {
            // Whoever has the turn has a deadline.
            await turn.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            _sendCredit.Return(charge);
            throw;
        }
    }

    /// <summary>Writes in this caller's turn, which ends with it. What is cut off half-way is the connection's end.</summary>
    private async ValueTask WriteAsync(Func<CancellationToken, ValueTask> write, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closed.Token);
        deadline.CancelAfter(_sendTimeout);
        try
        {
            if (_failure is { } failure)
                throw Lost(failure);
            await write(deadline.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            if (_failure is { } failure)
                throw Lost(failure);
            var timeout = new TimeoutException($"the peer took no data for {_sendTimeout.TotalSeconds:0.#} s", e);
            Fail(timeout);
            throw timeout;
        }
        catch (Exception e)
        {
            Fail(e is OperationCanceledException ? new IOException("a frame was cut off: its sending was cancelled", e) : e);
            // The connection may have ended under this write: it is the end's reason that counts, not what the stream says of it.
            if (e is not OperationCanceledException && _failure is { } failure && failure != e)
                throw Lost(failure);
            throw;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Tells the peer what is consumed; several calls while it is on its way make one record.</summary>
    private void Announce()
    {
        if (Interlocked.Exchange(ref _announcing, 1) == 0)
            _ = AnnounceAsync();
    }

    private async Task AnnounceAsync()
    {
        await _sending.WaitAsync();
        try
        {
            await WriteAsync(
                async token =>
                {
                    Interlocked.Exchange(ref _announcing, 0);
                    _writer.Credit(_receiveCredit.Announce(), _receiveCredit.Window);
                    await _writer.FlushAsync(token);
                },
                CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TimeoutException or ObjectDisposedException)
        {
            // Nobody waits for a credit's sending: who sends or receives next gets to know.
            Fail(e);
        }
    }

    private static IOException Lost(Exception failure) => new($"the connection is lost: {failure.Message}", failure);

    private void Fail(Exception reason) => End(reason, isAbrupt: true);

    /// <summary>Ends the connection; the first reason is the one that senders and the receiver are told.</summary>
    /// <param name="isAbrupt">Whether the operating system drops what it has not sent yet.</param>
    private void End(Exception reason, bool isAbrupt)
    {
        if (Interlocked.CompareExchange(ref _failure, reason, null) is not null)
            return;
        _sendCredit.Fail(reason);
        _frames.Writer.TryComplete(reason);
        _closed.Cancel();
        if (isAbrupt)
            _socket.LingerState = new LingerOption(true, 0);
        _stream.Dispose();
    }
}
