using System.Diagnostics;

namespace DistMtl.EndToEnd.Tests;

/// <summary>A PostgreSQL server of Debian's package, with an empty database, that goes with the test.</summary>
internal sealed class PostgreSql : IAsyncDisposable
{
    private static readonly string[] s_servers = Directory.Exists("/usr/lib/postgresql") ? [.. Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal)] : [];

    private readonly string _folder = Directory.CreateTempSubdirectory("distmtl-postgresql-").FullName;
    private readonly int _port = Repository.FreePort();

    private PostgreSql()
    {
    }

    /// <summary>As <c>--store</c> takes it.</summary>
    public string Store => $"postgresql:Host=127.0.0.1;Port={_port};Username=distmtl;Password=not-checked;Database=postgres";

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Skips the test where the package is not installed.</summary>
    public static async Task<PostgreSql> StartAsync()
    {
        Assert.SkipWhen(s_servers.Length == 0, "the package postgresql is not installed");
        var server = new PostgreSql();
        // It refuses to run as root.
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", server._folder);
        await server.CommandAsync("initdb", "-D", server.Data, "-U", "distmtl", "-A", "trust", "--no-sync");
        await server.RestartAsync();
        return server;
    }

    public Task RestartAsync() => CommandAsync(
        "pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_folder, "log"), "-o", $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder} -c fsync=off", "start");

    public Task StopAsync() => CommandAsync("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Task CommandAsync(string command, params string[] arguments)
    {
        var path = Path.Combine(s_servers[^1], "bin", command);
        return Environment.IsPrivilegedProcess ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments]) : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Not through a pipe of ours: a server that it starts keeps open what it inherits.
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" >/dev/null", "sh", program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
