using System.Security.Cryptography;

namespace DistMtl.Coordinator.Runs;

/// <summary>A folder's <c>SHA256SUMS</c>, as <see cref="FolderWriter"/> writes and <c>sha256sum -c</c> reads it.</summary>
internal static class Checksums
{
    public const string FileName = "SHA256SUMS";

    /// <summary>Checks that the named files are there as they were written.</summary>
    /// <exception cref="InvalidDataException">One is not; the message names it.</exception>
    public static void Verify(string directory, IEnumerable<string> names)
    {
        var sums = ReadSums(Path.Combine(directory, FileName));
        foreach (var name in names)
        {
            if (!sums.TryGetValue(name, out var expected))
                throw new InvalidDataException($"{FileName} does not list {name}");
            var path = Path.Combine(directory, name);
            if (!File.Exists(path))
                throw new InvalidDataException($"{name} is missing");
            if (Sum(path) != expected)
                throw new InvalidDataException($"{name} is not as it was written: its checksum differs");
        }
    }

    /// <summary>By file, as they are written; whether they are right is another question.</summary>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public static IReadOnlyDictionary<string, string> Read(string directory) => ReadSums(Path.Combine(directory, FileName));

    private static Dictionary<string, string> ReadSums(string path)
    {
        if (!File.Exists(path))
            throw new InvalidDataException($"{FileName} is missing");
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(path))
        {
            if (line.Split("  ", 2) is not [var sum, var name])
                throw new InvalidDataException($"{FileName} has a line that is no checksum");
            sums[name] = sum;
        }
        return sums;
    }

    private static string Sum(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
