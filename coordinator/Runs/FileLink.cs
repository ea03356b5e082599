using System.Runtime.InteropServices;
using System.Text;

namespace DistMtl.Coordinator.Runs;

/// <summary>A second name for a file that is never written to again: a hard link, or a copy where the file system has none.</summary>
internal static class FileLink
{
    /// <exception cref="IOException">The file cannot be read, or there is no room for a copy.</exception>
    public static void Create(string existing, string link)
    {
        if (!TryLink(existing, link))
            File.Copy(existing, link);
    }

    private static bool TryLink(string existing, string link) => OperatingSystem.IsWindows()
        ? NativeMethods.CreateHardLink(Encoding.Unicode.GetBytes(link + '\0'), Encoding.Unicode.GetBytes(existing + '\0'), 0)
        : NativeMethods.Link(Encoding.UTF8.GetBytes(existing + '\0'), Encoding.UTF8.GetBytes(link + '\0')) == 0;

    // .NET 10 makes symbolic links alone.
    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "link"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Link(byte[] existing, byte[] link);

        [DllImport("kernel32", EntryPoint = "CreateHardLinkW"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static extern bool CreateHardLink(byte[] link, byte[] existing, nint security);
    }
}
