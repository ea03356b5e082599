using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace DistMtl.EndToEnd.Tests;

public sealed class ServiceTests(ReferenceRuns references)
{
    [Fact]
    public async Task A_submitted_job_runs_on_workers_that_joined_and_ends_in_the_bits_of_a_local_run()
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder);
        var local = await references.RunAsync("equal", epochs: 2);
        var (http, port, tensorPort) = ($"http://127.0.0.1:{FreePort()}", $"{FreePort()}", $"{FreePort()}");
        await using var service = Distmtl.Start(
            "serve", "--http", http, "--port", port, "--tensor-port", tensorPort, "--data", folder.Path, "--runs", folder["runs"]);
        await service.WaitForAsync("workers join");
        await using var first = Distmtl.StartWorker("--join", $"127.0.0.1:{port}");
        await using var second = Distmtl.StartWorker("--join", $"127.0.0.1:{port}");
        var submitted = await Distmtl.RunAsync("submit", job, "--to", http, "--workers", "2", "--wait");
        Assert.True(submitted.ExitCode == 0, submitted.Output + submitted.Errors);
        Assert.Contains("completed", submitted.Output, StringComparison.Ordinal);
        var run = Directory.EnumerateDirectories(folder["runs"]).Single();
        Assert.Equal(2, Repository.Summary(run).GetProperty("workers").GetInt32());
        Assert.Equal(Repository.Hash(local), Repository.Hash(run));

        var refused = await Distmtl.RunAsync("submit", job, "--to", http, "--wait", "--set", "model.experst=3");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("did you mean 'experts'", refused.Errors, StringComparison.Ordinal);

        service.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await service.WaitAsync());
        Assert.Equal(4, await first.WaitAsync());
        Assert.Equal(4, await second.WaitAsync());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
