using System.Reflection;

namespace DistMtl.Benchmarks;

/// <summary>What the build has written into this program.</summary>
internal static class BuildFacts
{
    public static string Configuration => Of("BuildConfiguration");

    /// <summary>The <c>distmtl</c> program of the same build.</summary>
    public static string CoordinatorPath => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, Of("CoordinatorPath")));

    /// <summary>The <c>distmtl-worker</c> program of the same build.</summary>
    public static string WorkerPath => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, Of("WorkerPath")));

    private static string Of(string key) =>
        typeof(BuildFacts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;
}
