using System.Security.Cryptography;
using System.Text;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// Writes a folder's files, each flushed to disk, and at last their checksums. These are of what was to be written, not of what
/// can be read back: what a disk has lost on its way is found, too.
/// </summary>
internal sealed class FolderWriter
{
    private readonly SortedDictionary<string, string> _sums = new(StringComparer.Ordinal);

    /// <summary>Makes the folder.</summary>
    public FolderWriter(string directory) => Root = Directory.CreateDirectory(directory).FullName;

    public string Root { get; }

    public void Write(string name, Action<Stream> write) => _sums[name] = WriteFile(name, write);

    public void WriteText(string name, string text) => Write(name, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>A second name for a file of another folder, which is taken over unread.</summary>
    /// <param name="sum">Its checksum there.</param>
    public void Link(string name, string existing, string sum)
    {
        FileLink.Create(existing, Path.Combine(Root, name));
        _sums[name] = sum;
    }

    /// <summary>Writes the checksums: the folder is complete.</summary>
    public void Seal()
    {
        WriteFile(Checksums.FileName, stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(_sums.Select(file => $"{file.Value}  {file.Key}\n")))));
        AtomicFile.FlushDirectory(Root);
    }

    private string WriteFile(string name, Action<Stream> write)
    {
        using var file = new FileStream(Path.Combine(Root, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        using var summed = new SummedStream(file);
        write(summed);
        file.Flush(flushToDisk: true);
        return summed.Sum();
    }

    private sealed class SummedStream(Stream inner) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public string Sum() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _hash.AppendData(buffer);
            inner.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _hash.Dispose();
            base.Dispose(disposing);
        }
    }
}
