using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Paths of this checkout, and what runs leave.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>A public data set that lies beside the checkout on some machines; skips the test where it does not.</summary>
    public static string DataSet(string path)
    {
        var file = Path.Combine(Path.GetDirectoryName(Root)!, "shared", "data", path);
        Assert.SkipUnless(File.Exists(file), $"{path} is not beside the checkout (shared/data)");
        return file;
    }

    public static JsonElement Summary(string run)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "summary.json")));
        return document.RootElement.Clone();
    }

    public static string Hash(string run) => Summary(run).GetProperty("parametersSha256").GetString()!;

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "DistMtl.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("DistMtl.sln is not above the tests");
        return folder.FullName;
    }
}

/// <summary>An empty folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("distmtl-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
