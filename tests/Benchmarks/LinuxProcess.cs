using System.Globalization;

namespace DistMtl.Benchmarks;

/// <summary>What Linux tells of other processes in <c>/proc</c>.</summary>
internal static class LinuxProcess
{
    public static IReadOnlyList<int> ChildrenOf(int parent)
    {
        var children = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && IsChild(process, parent))
                children.Add(process);
        }
        return children;
    }

    /// <summary>A number of <c>/proc/PID/status</c>; sizes are in KiB.</summary>
    /// <exception cref="IOException">There is no such process.</exception>
    public static double Number(int process, string key)
    {
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        return line is null
            ? throw new IOException($"process {process} has no {key}")
            : double.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    private static bool IsChild(int process, int parent)
    {
        try
        {
            return (int)Number(process, "PPid:") == parent;
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return false;
        }
    }
}
