namespace DistMtl.Data.Tests.Fixtures;

/// <summary>Real public files beside the repository; a test that needs one is skipped where they are not.</summary>
internal static class SharedData
{
    public static string PathOf(string relative)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DistMtl.sln")))
            folder = folder.Parent;
        var path = Path.Combine(folder?.Parent?.FullName ?? "/", "shared", "data", relative);
        Assert.SkipUnless(File.Exists(path), $"shared/data/{relative} is not beside the repository");
        return path;
    }
}
