namespace DistMtl.Transport;

/// <summary>
/// Between TLS and a socket: TLS writes and reads records of 16 KiB, and a call of the kernel for each would cost more than
/// their encryption. Written records go out together when the buffer is full or flushed; what has arrived is taken at once.
/// One writer and one reader at a time, independently of each other.
/// </summary>
internal sealed class RecordBuffer(Stream stream) : Stream
{
    private const int BufferBytes = 256 << 10;

    private readonly byte[] _written = new byte[BufferBytes];
    private readonly byte[] _read = new byte[BufferBytes];
    private int _writtenBytes;
    private int _start;
    private int _end;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end)
        {
            if (buffer.Length >= _read.Length)
                return await stream.ReadAsync(buffer, cancellationToken);
            (_start, _end) = (0, 0);
            _end = await stream.ReadAsync(_read, cancellationToken);
        }
        var got = Math.Min(buffer.Length, _end - _start);
        _read.AsSpan(_start, got).CopyTo(buffer.Span);
        _start += got;
        return got;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > _written.Length - _writtenBytes)
        {
            var fits = _written.Length - _writtenBytes;
            buffer.Span[..fits].CopyTo(_written.AsSpan(_writtenBytes));
            _writtenBytes += fits;
            buffer = buffer[fits..];
            await FlushAsync(cancellationToken);
        }
        buffer.Span.CopyTo(_written.AsSpan(_writtenBytes));
        _writtenBytes += buffer.Length;
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_writtenBytes == 0)
            return;
        await stream.WriteAsync(_written.AsMemory(0, _writtenBytes), cancellationToken);
        _writtenBytes = 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("only asynchronous");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("only asynchronous");

    public override void Flush() => throw new NotSupportedException("only asynchronous");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stream.Dispose();
        base.Dispose(disposing);
    }
}
