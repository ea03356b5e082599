namespace DistMtl.Transport.Tests;

/// <summary>One direction of a connection without a network: the bytes of frames, and the frames that bytes are.</summary>
internal sealed class Recording
{
    private readonly FrameWriter _writer;
    private readonly Func<byte[]> _written;
    private int _taken;

    public Recording()
    {
        var stream = new MemoryStream();
        (_writer, _written) = (new FrameWriter(stream), stream.ToArray);
    }

    /// <summary>All so far.</summary>
    public byte[] Bytes => _written();

    /// <returns>The bytes of this frame, whose checksums go over those of the earlier ones, too.</returns>
    public async Task<byte[]> FrameAsync<T>(FrameKind kind, T header, ReadOnlyMemory<byte> payload)
    {
        _writer.Head(kind, FrameFormat.Serialize(header), payload.Length);
        for (var sent = 0; sent < payload.Length; sent += FrameFormat.ChunkBytes)
            await _writer.ChunkAsync(payload.Slice(sent, Math.Min(FrameFormat.ChunkBytes, payload.Length - sent)), default);
        return await TakeAsync();
    }

    public async Task<byte[]> CreditAsync(long consumed, long window)
    {
        _writer.Credit(consumed, window);
        return await TakeAsync();
    }

    /// <summary>What a receiver makes of bytes.</summary>
    /// <returns>The frames, which the caller disposes, and why it stopped; null: the bytes ended between two frames.</returns>
    public static async ValueTask<(List<Frame> Frames, IOException? Error)> ReadAsync(byte[] bytes, PayloadPlacement? placement = null)
    {
        var credit = new ReceiveCredit(TransportSettings.Default.WindowBytes, () => { });
        using var reader = new FrameReader(new MemoryStream(bytes), Timeout.InfiniteTimeSpan, credit, (_, _) => { }) { Placement = placement };
        var frames = new List<Frame>();
        try
        {
            while (await reader.ReadAsync(FrameFormat.MaxHeaderBytes, FrameFormat.MaxPayloadBytes, default) is { } frame)
                frames.Add(frame);
            return (frames, null);
        }
        catch (FrameException e)
        {
            return (frames, e);
        }
    }

    private async Task<byte[]> TakeAsync()
    {
        await _writer.FlushAsync(default);
        var bytes = Bytes[_taken..];
        _taken += bytes.Length;
        return bytes;
    }
}
