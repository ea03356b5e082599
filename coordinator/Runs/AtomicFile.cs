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

    /// <exception cref="StorageException">It cannot be written; what was there before is still there.</exception>
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
            FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e)
        {
            TryDelete(beside);
            if (StorageException.IsReason(e))
                throw new StorageException($"'{path}'", e);
            throw;
        }
    }

    /// <summary>
    /// Makes renames within a folder survive a power cut. Nothing to do on Windows, where a rename is journaled; not an
    /// error where the file system knows no such thing.
    /// </summary>
    /// <exception cref="IOException">The disk has an error.</exception>
    public static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = NativeMethods.Open(Encoding.UTF8.GetBytes(directory + '\0'), NativeMethods.ReadOnly);
        var error = descriptor >= 0 && NativeMethods.Fsync(descriptor) == 0 ? 0 : Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
            _ = NativeMethods.Close(descriptor);
        if (error is NativeMethods.IoError or NativeMethods.NoSpace or NativeMethods.QuotaExceeded)
            throw new IOException($"{Marshal.GetPInvokeErrorMessage(error)} : '{directory}'");
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            // The first error is the one to tell.
        }
    }

    // .NET opens no folders, so there is no managed way to flush one.
    private static class NativeMethods
    {
        public const int ReadOnly = 0;
        public const int IoError = 5;
        public const int NoSpace = 28;
        public const int QuotaExceeded = 122;

        [DllImport("libc", EntryPoint = "open", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open(byte[] path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Fsync(int descriptor);

        [DllImport("libc", EntryPoint = "close"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
    }
}
