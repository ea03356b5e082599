namespace DistMtl.Benchmarks;

/// <summary>The checkout that this program was built in, and what lies beside it.</summary>
internal static class Checkout
{
    private const string Solution = "DistMtl.sln";

    /// <param name="path">Below the checkout.</param>
    /// <returns>Null: it is not there.</returns>
    public static string? File(string path) => Root is { } root ? Existing(Path.Combine(root.FullName, path)) : null;

    /// <param name="path">Below the folder <c>shared</c> beside the checkout.</param>
    /// <returns>Null: it is not there.</returns>
    public static string? Shared(string path) => Root?.Parent is { } parent ? Existing(Path.Combine(parent.FullName, "shared", path)) : null;

    private static DirectoryInfo? Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, Solution)))
                folder = folder.Parent;
            return folder;
        }
    }

    private static string? Existing(string path) => System.IO.File.Exists(path) ? path : null;
}
