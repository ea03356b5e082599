using System.Runtime.InteropServices;
using System.Text;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// Files that are there whole or not at all, whatever stops the machine: written beside, flushed to disk, renamed, and
/// the folder's entry flushed too.
/// </summary>
internal static class AtomicFile
{
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Marks what is being written; a name that contains it is a leftover once its process is gone.</summary>
    public const string TemporaryMark = ".tmp-";

    /// <summary>Where this process writes what will later be <paramref name="path"/>.</summary>
    public static string Beside(string path) => $"{path}{TemporaryMark}{Environment.ProcessId}";

    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(_utf8.GetBytes(text)));

    public static void Write(string path, Action<Stream> write)
    {
        var beside = Beside(path);
        try
        {
            using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Flushes a file that something else wrote and closed.</summary>
    public static void FlushFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Makes renames within a folder survive a power cut. Nothing to do on Windows, where a rename is journaled; not an
    /// error where the file system knows no such thing.
    /// </summary>
    public static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = NativeMethods.Open(Encoding.UTF8.GetBytes(directory + '\0'), NativeMethods.ReadOnly);
        if (descriptor < 0)
            return;
        _ = NativeMethods.Fsync(descriptor);
        _ = NativeMethods.Close(descriptor);
    }

    // .NET opens no folders, so there is no managed way to flush one.
    private static class NativeMethods
    {
        public const int ReadOnly = 0;

        [DllImport("libc", EntryPoint = "open"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open(byte[] path, int flags);

        [DllImport("libc", EntryPoint = "fsync"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Fsync(int descriptor);

        [DllImport("libc", EntryPoint = "close"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
    }
}
