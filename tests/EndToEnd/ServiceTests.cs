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
        var (http, port, tensorPort) = ($"http://127.0.0.1:{Repository.FreePort()}", $"{Repository.FreePort()}", $"{Repository.FreePort()}");
        await using var service = Distmtl.Start(
            "serve", "--http", http, "--port", port, "--tensor-port", tensorPort, "--data", folder.Path, "--runs", folder["runs"]);
        await service.WaitForAsync("workers join");
        string[] joining = ["--join", $"127.0.0.1:{port}", "--join-timeout", "10"];
        await using var first = Distmtl.StartWorker(joining);
        await using var second = Distmtl.StartWorker(joining);
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
        // They look for another one, for as long as they were told to.
        Assert.Equal(4, await first.WaitAsync());
        Assert.Equal(4, await second.WaitAsync());
    }
}
