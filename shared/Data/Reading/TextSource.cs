using System.IO.Compression;
using System.Text;
using DistMtl.Protocol;

namespace DistMtl.Data.Reading;

/// <summary>The characters of a text file, unpacked where it is gzip: told by its first two bytes, whatever its name.</summary>
internal sealed class TextSource : IDisposable
{
    private const int FileBufferBytes = 1 << 16;

    private readonly string _path;
    private readonly StreamReader _reader;

    public TextSource(string path)
    {
        _path = path;
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileBufferBytes, FileOptions.SequentialScan);
        Span<byte> magic = stackalloc byte[2];
        var isGzip = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == 2 && magic is [0x1F, 0x8B];
        file.Position = 0;
        Stream bytes = isGzip ? new GZipStream(file, CompressionMode.Decompress) : file;
        // A byte order mark is taken off by the reader; UTF-16 with one is read as such.
        _reader = new StreamReader(bytes, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true, FileBufferBytes);
    }

    /// <summary>Fills the buffer; fewer characters than asked for only at the end of the file.</summary>
    /// <exception cref="JobException">The gzip data are damaged or cut off.</exception>
    public int Read(Span<char> buffer)
    {
        try
        {
            return _reader.ReadBlock(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new JobException($"{_path}: the gzip data are damaged or cut off ({e.Message})", inner: e);
        }
        catch (IOException e)
        {
            throw new JobException($"{_path}: can't be read: {e.Message}", inner: e);
        }
    }

    public void Dispose() => _reader.Dispose();
}
