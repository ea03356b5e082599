using System.Diagnostics;

namespace DistMtl.Tests;

/// <summary>A file system in memory of so many bytes, which goes with the test.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk()
    {
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("distmtl-disk-").FullName;

    private string FillerPath => Path.Combine(Root, "filler");

    /// <summary>Skips the test where nothing may be mounted.</summary>
    public static SmallDisk Mount(long bytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a file system in memory is mounted by Linux alone");
        var disk = new SmallDisk();
        var error = Run("mount", "-t", "tmpfs", "-o", $"size={bytes}", "distmtl-test", disk.Root);
        if (error is not null)
            Directory.Delete(disk.Root);
        Assert.SkipWhen(error is not null, $"no file system in memory can be mounted (are you root?): {error}");
        return disk;
    }

    /// <summary>Takes all space but so many bytes; it is given back by <see cref="Free"/>.</summary>
    public void Fill(long left)
    {
        var block = new byte[4096];
        using var filler = new FileStream(FillerPath, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var free = new DriveInfo(Root).AvailableFreeSpace - left; free >= block.Length; free -= block.Length)
                filler.Write(block);
        }
        catch (IOException)
        {
            // Someone else has taken the rest meanwhile.
        }
    }

    public void Free() => File.Delete(FillerPath);

    public void Dispose()
    {
        Run("umount", Root);
        Directory.Delete(Root);
    }

    /// <returns>Null: it has worked.</returns>
    private static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : error.Trim();
    }
}
