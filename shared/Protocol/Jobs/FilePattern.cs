namespace DistMtl.Protocol.Jobs;

/// <summary>A path of a job file: one file, or a glob whose names may hold '*' and '?' (<c>/data/day-*/part-?.csv</c>).</summary>
public static class FilePattern
{
    public static bool IsGlob(string path) => path.AsSpan().IndexOfAny('*', '?') >= 0;

    /// <summary>The files that exist, by name in ordinal order, so that every machine reads them in one order.</summary>
    /// <param name="path">Absolute.</param>
    public static IReadOnlyList<string> Find(string path)
    {
        if (!IsGlob(path))
            return File.Exists(path) ? [path] : [];
        var root = Path.GetPathRoot(path)!;
        var parts = path[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> folders = [root];
        foreach (var part in parts[..^1])
            folders = folders.SelectMany(folder => FoldersIn(folder, part)).ToList();
        return [.. folders.SelectMany(folder => Directory.EnumerateFiles(folder, parts[^1])).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> FoldersIn(string folder, string part)
    {
        if (IsGlob(part))
            return Directory.EnumerateDirectories(folder, part);
        var inner = Path.Combine(folder, part);
        return Directory.Exists(inner) ? [inner] : [];
    }
}
