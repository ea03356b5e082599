using System.IO.Compression;
using System.Text;

namespace DistMtl.Data.Tests.Fixtures;

/// <summary>A folder that goes when its test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("distmtl-data-").FullName;

    public string PathOf(string name) => Path.Combine(Root, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public string WriteGzip(string name, string text)
    {
        using var packed = new GZipStream(File.Create(PathOf(name)), CompressionLevel.Fastest);
        packed.Write(Encoding.UTF8.GetBytes(text));
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
