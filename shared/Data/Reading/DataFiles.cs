using DistMtl.Protocol;

namespace DistMtl.Data.Reading;

/// <summary>The files that a path or glob of the job names.</summary>
internal static class DataFiles
{
    /// <summary>Full paths in ordinal order, so that every node reads the rows in one order.</summary>
    /// <param name="keyPath">Where the job file says so, for the error.</param>
    /// <exception cref="JobException">No file matches.</exception>
    public static IReadOnlyList<string> Find(string pathOrGlob, string keyPath)
    {
        var files = FindAny(pathOrGlob);
        return files.Count > 0 ? files : throw new JobException($"{keyPath}: {NotFound(pathOrGlob)}");
    }

    public static IReadOnlyList<string> FindAny(string pathOrGlob)
    {
        if (!IsGlob(pathOrGlob))
            return File.Exists(pathOrGlob) ? [Path.GetFullPath(pathOrGlob)] : [];
        var directory = Path.GetDirectoryName(Path.GetFullPath(pathOrGlob))!;
        if (!Directory.Exists(directory))
            return [];
        var files = Directory.GetFiles(directory, Path.GetFileName(pathOrGlob));
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    public static string NotFound(string pathOrGlob) =>
        IsGlob(pathOrGlob) ? $"no file matches {pathOrGlob}" : $"there is no file {pathOrGlob}";

    private static bool IsGlob(string path) => Path.GetFileName(path).AsSpan().ContainsAny('*', '?');
}
