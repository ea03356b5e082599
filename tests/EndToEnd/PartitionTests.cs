using System.Diagnostics;

namespace DistMtl.EndToEnd.Tests;

/// <summary>The network is cut between real processes on hosts of their own: one side goes on to the bits of a calm run, the other one stops itself.</summary>
public sealed class PartitionTests(ReferenceRuns references)
{
    /// <summary>From the cut to the next step.</summary>
    private static readonly TimeSpan s_bar = TimeSpan.FromSeconds(10);

    private const int Epochs = 120;

    [Fact]
    public Task One_worker_against_the_rest_is_done_without_and_comes_back() => Survives(workers: 3, async (network, distmtl, folder) =>
    {
        network.Split(3);
        await StepsOnInTimeAsync(distmtl, folder);
        network.Heal();
        await distmtl.WaitForAsync("workers have come");
    });

    [Fact]
    public Task A_worker_that_cannot_be_heard_is_done_without() => Survives(workers: 2, async (network, distmtl, folder) =>
    {
        network.Mute(2, to: 0);
        await StepsOnInTimeAsync(distmtl, folder);
    });

    [Fact]
    public Task A_link_that_flaps_does_no_harm() => Survives(workers: 2, async (network, _, _) =>
    {
        for (var i = 0; i < 6; i++)
        {
            network.Split(2);
            await Task.Delay(700, TestContext.Current.CancellationToken);
            network.Heal();
            await Task.Delay(700, TestContext.Current.CancellationToken);
        }
    });

    [Fact]
    public async Task Half_against_half_goes_on_where_the_oldest_coordinator_is_and_the_other_one_stops()
    {
        using var network = Network.Start(4);
        using var folder = new TemporaryFolder();
        Coordinator[] both = [new(folder, $"sqlite:{folder["jobs.db"]}", network, 0), new(folder, $"sqlite:{folder["jobs.db"]}", network, 1)];
        await using var oldest = await both[0].StartAsync(both);
        await oldest.WaitForAsync("at work (term 1)");
        await using var other = await both[1].StartAsync(both);
        await using var first = Coordinator.StartWorker(both, network, 2);
        await using var second = Coordinator.StartWorker(both, network, 3);
        await using var client = Distmtl.StartIn(network.Prefix(0), "submit", SmallJob.Write(folder, "pcgrad", Epochs), "--to", both[0].Http, "--workers", "2", "--wait");
        await client.WaitForAsync("validation at step 28");
        network.Split(1, 3);
        var clock = Stopwatch.StartNew();
        await client.WaitForAsync("going on behind step");
        Assert.Equal(5, await other.WaitAsync());
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 30);
        Assert.Contains("cut off from the cluster", other.Errors, StringComparison.Ordinal);
        Assert.True(await client.WaitAsync() == 0, client.Output + client.Errors);
        await EndsLikeACalmRunAsync(Directory.EnumerateDirectories(folder["runs"]).Single());
        Assert.DoesNotContain("term 2", other.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_oldest_coordinator_that_is_alone_stops_and_another_one_takes_over()
    {
        using var network = Network.Start(5);
        using var folder = new TemporaryFolder();
        Coordinator[] all = [.. Enumerable.Range(0, 3).Select(host => new Coordinator(folder, $"sqlite:{folder["jobs.db"]}", network, host))];
        await using var oldest = await all[0].StartAsync(all);
        await oldest.WaitForAsync("at work (term 1)");
        await using var second = await all[1].StartAsync(all);
        await using var third = await all[2].StartAsync(all);
        await using var one = Coordinator.StartWorker(all, network, 3);
        await using var two = Coordinator.StartWorker(all, network, 4);
        await using var client = Distmtl.StartIn(network.Prefix(3), "submit", SmallJob.Write(folder, "pcgrad", Epochs), "--to", $"{all[0].Http},{all[1].Http},{all[2].Http}", "--workers", "2", "--wait");
        await client.WaitForAsync("validation at step 28");
        network.Split(0);
        Assert.Equal(5, await oldest.WaitAsync());
        Assert.True(await client.WaitAsync() == 0, client.Output + client.Errors + second.Output + second.Errors);
        Assert.Contains("at work (term 2); 1 run to go on with", second.Output + third.Output, StringComparison.Ordinal);
        await EndsLikeACalmRunAsync(Directory.EnumerateDirectories(folder["runs"]).Single());
        Assert.False(one.HasExited || two.HasExited);
    }

    /// <summary>Disturbs a run whose coordinator is on host 0 and whose workers are on the next ones.</summary>
    private async Task Survives(int workers, Func<Network, Distmtl, TemporaryFolder, Task> disturb)
    {
        LongTests.SkipUnlessWanted();
        using var network = Network.Start(workers + 1);
        using var folder = new TemporaryFolder();
        await using var distmtl = Distmtl.StartIn(
            network.Prefix(0), "train", SmallJob.Write(folder, "pcgrad", Epochs), "--remote-workers", $"{workers}", "--host", Network.AddressOf(0), "--json", "--out", folder["run"]);
        var started = Enumerable.Range(1, workers).Select(host => Worker(network, host)).ToList();
        try
        {
            await distmtl.WaitForAsync("\"step\":20,");
            await disturb(network, distmtl, folder);
            Assert.True(await distmtl.WaitAsync() == 0, distmtl.Output + distmtl.Errors);
            Assert.Empty(distmtl.Errors.Trim());
            await EndsLikeACalmRunAsync(folder["run"]);
        }
        finally
        {
            foreach (var worker in started)
                await worker.DisposeAsync();
        }
    }

    private static Distmtl Worker(Network network, int host) =>
        Distmtl.StartWorkerIn(network.Prefix(host), "--join", $"{Network.AddressOf(0)}:4053", "--host", Network.AddressOf(host), "--join-timeout", "60");

    private static async Task StepsOnInTimeAsync(Distmtl distmtl, TemporaryFolder folder)
    {
        // What was on its way when the network was cut still counts.
        await Task.Delay(500, TestContext.Current.CancellationToken);
        var (clock, steps) = (Stopwatch.StartNew(), Steps(folder));
        while (Steps(folder) == steps)
        {
            Assert.False(distmtl.HasExited, distmtl.Errors);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        Assert.True(clock.Elapsed < s_bar, $"{clock.Elapsed.TotalSeconds:0.0} s\n{string.Join('\n', distmtl.Output.Split('\n').Where(line => line.Contains("notice", StringComparison.Ordinal)))}");
    }

    private static int Steps(TemporaryFolder folder) => File.ReadLines(Path.Combine(folder["run"], "metrics.jsonl")).Count();

    private async Task EndsLikeACalmRunAsync(string run)
    {
        var calm = await references.RunAsync("pcgrad", Epochs);
        Assert.Equal(Repository.Hash(calm), Repository.Hash(run));
        Assert.Equal(File.ReadAllText(Path.Combine(calm, "ledger.csv")), File.ReadAllText(Path.Combine(run, "ledger.csv")));
    }
}
