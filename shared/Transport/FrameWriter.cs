using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace DistMtl.Transport;

/// <summary>
/// Puts records onto a stream. Small things are gathered and go out together; large ones go out from where they lie. One
/// caller at a time.
/// </summary>
internal sealed class FrameWriter(Stream stream)
{
    /// <summary>Up to here one copy costs less than one more call of the kernel.</summary>
    private const int SmallBytes = 32 << 10;

    private readonly ArrayBufferWriter<byte> _small = new(4096);
    private readonly XxHash3 _hash = new();
    private long _writtenBytes;

    public long WrittenBytes => Interlocked.Read(ref _writtenBytes);

    /// <summary>Whether so much waits to be flushed that more would cost more than it saves.</summary>
    public bool IsFull => _small.WrittenCount >= SmallBytes;

    public void Head(FrameKind kind, ReadOnlySpan<byte> header, long payloadBytes)
    {
        Prefix(kind, header.Length, payloadBytes);
        Hashed(header);
        Checksum();
    }

    public void Credit(long consumed, long window)
    {
        Span<byte> numbers = stackalloc byte[FrameFormat.CreditBytes];
        BinaryPrimitives.WriteInt64LittleEndian(numbers, consumed);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], window);
        Head(FrameFormat.Credit, numbers, 0);
    }

    /// <summary>Its checksum, and a small chunk as a whole, stay here until the next call or <see cref="FlushAsync"/>.</summary>
    public async ValueTask ChunkAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellation)
    {
        Prefix(FrameFormat.Chunk, 0, chunk.Length);
        if (chunk.Length <= SmallBytes)
        {
            Hashed(chunk.Span);
            Checksum();
            return;
        }
        await PutAsync(cancellation);
        var writing = WriteAsync(chunk, cancellation);
        // Afterwards: the kernel's copy has brought it into the cache, and the receiver has it already.
        _hash.Append(chunk.Span);
        await writing;
        Checksum();
    }

    public async ValueTask FlushAsync(CancellationToken cancellation)
    {
        await PutAsync(cancellation);
        await stream.FlushAsync(cancellation);
    }

    private async ValueTask PutAsync(CancellationToken cancellation)
    {
        if (_small.WrittenCount == 0)
            return;
        await WriteAsync(_small.WrittenMemory, cancellation);
        _small.ResetWrittenCount();
    }

    private ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        Interlocked.Add(ref _writtenBytes, bytes.Length);
        return stream.WriteAsync(bytes, cancellation);
    }

    private void Prefix(FrameKind kind, int headerBytes, long payloadBytes)
    {
        Span<byte> prefix = stackalloc byte[FrameFormat.PrefixBytes];
        FrameFormat.WritePrefix(prefix, kind, headerBytes, payloadBytes);
        Hashed(prefix);
    }

    private void Hashed(ReadOnlySpan<byte> bytes)
    {
        _hash.Append(bytes);
        _small.Write(bytes);
    }

    private void Checksum()
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_small.GetSpan(FrameFormat.ChecksumBytes), _hash.GetCurrentHashAsUInt64());
        _small.Advance(FrameFormat.ChecksumBytes);
    }
}
