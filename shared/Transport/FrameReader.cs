using System.Buffers.Binary;
using System.IO.Hashing;

namespace DistMtl.Transport;

/// <summary>
/// Takes records from a stream and makes frames of them. Headers come through a small buffer, payloads go straight to where
/// they shall lie. One caller at a time. After an exception the stream is of no more use.
/// </summary>
/// <param name="stallTimeout">A peer that sends nothing for so long inside a frame is given up.</param>
/// <param name="credit">Counts what arrives.</param>
/// <param name="granted">Told what the peer has consumed, and its window.</param>
internal sealed class FrameReader(Stream stream, TimeSpan stallTimeout, ReceiveCredit credit, Action<long, long> granted) : IDisposable
{
    private readonly byte[] _buffer = new byte[16 << 10];
    private readonly byte[] _prefix = new byte[FrameFormat.PrefixBytes];
    private readonly byte[] _checksum = new byte[FrameFormat.ChecksumBytes];
    private readonly XxHash3 _hash = new();
    private int _start;
    private int _end;
    private long _readBytes;

    /// <summary>The frame of several chunks that is arriving.</summary>
    private Arriving? _large;

    public long ReadBytes => Interlocked.Read(ref _readBytes);

    public PayloadPlacement? Placement { get; set; }

    /// <summary>The next whole frame; null when the peer ended the connection between two frames.</summary>
    /// <exception cref="FrameException">What came is damaged, no frame, or above the limits.</exception>
    /// <exception cref="IOException">The connection is lost, or the peer stopped inside a frame.</exception>
    public async ValueTask<Frame?> ReadAsync(int maxHeaderBytes, long maxPayloadBytes, CancellationToken cancellation)
    {
        while (true)
        {
            // Between two frames a peer may be silent as long as it likes.
            if (_large is null && _start == _end && !await FillAsync(cancellation))
                return null;
            using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            try
            {
                if (await ReadRecordAsync(maxHeaderBytes, maxPayloadBytes, stall) is { } frame)
                    return frame;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new IOException($"the peer stopped inside a frame for {stallTimeout.TotalSeconds:0.#} s");
            }
        }
    }

    /// <summary>The first record of a connection, by which the peer names its window.</summary>
    /// <exception cref="FrameException">It is none.</exception>
    public async Task ReadGreetingAsync(CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if ((await ReadPrefixAsync(stall)).Kind != FrameFormat.Credit)
            throw new FrameException("the peer does not begin with its window");
        await ReadCreditAsync(stall);
    }

    public void Dispose() => _large?.Dispose();

    /// <returns>The frame that the record completes; null: none.</returns>
    private async ValueTask<Frame?> ReadRecordAsync(int maxHeaderBytes, long maxPayloadBytes, CancellationTokenSource stall)
    {
        var (kind, headerBytes, payloadBytes) = await ReadPrefixAsync(stall);
        if (headerBytes > maxHeaderBytes || kind != FrameFormat.Chunk && payloadBytes > maxPayloadBytes)
            throw new FrameException($"{kind} frame of {headerBytes} + {payloadBytes} bytes where a hello was due");
        switch (kind)
        {
            case FrameFormat.Credit:
                await ReadCreditAsync(stall);
                return null;
            case FrameFormat.Chunk:
                await ReadChunkAsync(_large ?? throw new FrameException("a piece of a payload where none was due"), payloadBytes, stall);
                return _large.IsWhole ? Finish(ref _large) : null;
            default:
                return await ReadFrameAsync(kind, headerBytes, payloadBytes, stall);
        }
    }

    /// <returns>Null: there is more to come of it.</returns>
    private async ValueTask<Frame?> ReadFrameAsync(FrameKind kind, int headerBytes, long payloadBytes, CancellationTokenSource stall)
    {
        var header = await ReadHeaderAsync(headerBytes, stall);
        await CheckAsync(kind, stall);
        var isLarge = payloadBytes > FrameFormat.ChunkBytes;
        if (isLarge && _large is not null)
            throw new FrameException($"a large {kind} frame inside another one");
        var charge = credit.Admit(headerBytes, payloadBytes);
        var small = new Arriving(kind, header, Place(kind, header, payloadBytes), charge);
        if (isLarge)
        {
            _large = small;
            return null;
        }
        try
        {
            if (payloadBytes > 0)
            {
                var (chunk, _, chunkBytes) = await ReadPrefixAsync(stall);
                if (chunk != FrameFormat.Chunk)
                    throw new FrameException($"{chunk} where the payload of a {kind} frame was due");
                await ReadChunkAsync(small, chunkBytes, stall);
            }
            return Finish(ref small);
        }
        finally
        {
            small?.Dispose();
        }
    }

    /// <summary>Its memory grows with what comes: its length is known to be right only afterwards.</summary>
    private async ValueTask<byte[]> ReadHeaderAsync(int headerBytes, CancellationTokenSource stall)
    {
        var header = new byte[Math.Min(headerBytes, _buffer.Length)];
        for (var have = 0; have < headerBytes;)
        {
            await ReadExactlyAsync(header.AsMemory(have), isHashed: true, stall);
            have = header.Length;
            if (have < headerBytes)
                Array.Resize(ref header, Math.Min(headerBytes, 2 * have));
        }
        return header;
    }

    private TensorBuffer Place(FrameKind kind, byte[] header, long payloadBytes)
    {
        if (payloadBytes == 0 || Placement?.Invoke(kind, header, payloadBytes) is not { } place)
            return TensorBuffer.Rent(payloadBytes);
        return place.Length == payloadBytes
            ? TensorBuffer.Place(place)
            : throw new FrameException($"the payload of a {kind} frame has {payloadBytes} bytes where {place.Length} were due");
    }

    private Frame Finish(ref Arriving? arriving)
    {
        var (kind, header, payload, charge) = arriving!;
        arriving = null;
        return new Frame(kind, header, payload).Charged(credit, charge);
    }

    private async ValueTask ReadChunkAsync(Arriving arriving, long chunkBytes, CancellationTokenSource stall)
    {
        if (chunkBytes != Math.Min(FrameFormat.ChunkBytes, arriving.Missing))
            throw new FrameException($"a piece of {chunkBytes} bytes where {arriving.Missing} of a {arriving.Kind} frame are missing");
        await ReadExactlyAsync(arriving.Payload.Bytes.Slice(arriving.Filled, (int)chunkBytes), isHashed: true, stall);
        await CheckAsync(arriving.Kind, stall);
        arriving.Filled += (int)chunkBytes;
    }

    private async ValueTask ReadCreditAsync(CancellationTokenSource stall)
    {
        var numbers = new byte[FrameFormat.CreditBytes];
        await ReadExactlyAsync(numbers, isHashed: true, stall);
        await CheckAsync(FrameFormat.Credit, stall);
        granted(BinaryPrimitives.ReadInt64LittleEndian(numbers), BinaryPrimitives.ReadInt64LittleEndian(numbers.AsSpan(8)));
    }

    private async ValueTask<(FrameKind Kind, int HeaderBytes, long PayloadBytes)> ReadPrefixAsync(CancellationTokenSource stall)
    {
        await ReadExactlyAsync(_prefix, isHashed: true, stall);
        return FrameFormat.ReadPrefix(_prefix);
    }

    private async ValueTask CheckAsync(FrameKind kind, CancellationTokenSource stall)
    {
        await ReadExactlyAsync(_checksum, isHashed: false, stall);
        if (BinaryPrimitives.ReadUInt64LittleEndian(_checksum) != _hash.GetCurrentHashAsUInt64())
            throw new FrameException($"a {kind} frame was damaged on the way (checksum)");
    }

    private async ValueTask ReadExactlyAsync(Memory<byte> destination, bool isHashed, CancellationTokenSource stall)
    {
        while (!destination.IsEmpty)
        {
            int got;
            if (_start < _end)
            {
                got = Math.Min(_end - _start, destination.Length);
                _buffer.AsSpan(_start, got).CopyTo(destination.Span);
                _start += got;
            }
            else
            {
                stall.CancelAfter(stallTimeout);
                if (destination.Length < _buffer.Length)
                {
                    if (!await FillAsync(stall.Token))
                        throw new FrameException("the connection ended inside a frame");
                    continue;
                }
                got = await stream.ReadAsync(destination, stall.Token);
                if (got == 0)
                    throw new FrameException("the connection ended inside a frame");
                Interlocked.Add(ref _readBytes, got);
            }
            if (isHashed)
                _hash.Append(destination.Span[..got]);
            destination = destination[got..];
        }
    }

    /// <returns>False: the peer has ended the connection.</returns>
    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        var got = await stream.ReadAsync(_buffer, cancellation);
        Interlocked.Add(ref _readBytes, got);
        (_start, _end) = (0, got);
        return got > 0;
    }

    private sealed record Arriving(FrameKind Kind, byte[] Header, TensorBuffer Payload, long Charge) : IDisposable
    {
        public int Filled { get; set; }

        public long Missing => Payload.ByteCount - Filled;

        public bool IsWhole => Missing == 0;

        public void Dispose() => ((IDisposable)Payload).Dispose();
    }
}
