using System.Diagnostics;
using System.Globalization;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Workers and coordinators are killed all the time; the run ends in the bits and the ledger of a calm one, and is not much later.</summary>
public sealed class PunisherTests
{
    private const int Workers = 4;

    [Fact]
    public Task A_run_of_a_quarter_minute_survives_a_kill_every_four_seconds() => PunishAsync(steps: 600, seed: 3, interval: TimeSpan.FromSeconds(4), leastGoodput: 0);

    /// <summary>
    /// Of two cores that are busy with training each process that starts takes seconds of their time: of the pace it is not more than
    /// two fifths that can be relied on.
    /// </summary>
    [Fact]
    public async Task A_run_of_ten_minutes_survives_a_kill_every_six_seconds()
    {
        LongTests.SkipUnlessWanted();
        await PunishAsync(steps: 12_000, seed: 2, interval: TimeSpan.FromSeconds(6), leastGoodput: 0.4);
    }

    private static async Task PunishAsync(int steps, int seed, TimeSpan interval, double leastGoodput)
    {
        using var calmFolder = new TemporaryFolder();
        var (calm, calmSeconds, _) = await RunAsync(calmFolder, steps, seed, interval: null);
        using var folder = new TemporaryFolder();
        var (run, seconds, log) = await RunAsync(folder, steps, seed, interval);
        TestContext.Current.SendDiagnosticMessage(string.Create(
            CultureInfo.InvariantCulture, $"{steps} steps, {log.Count} kills: {seconds:0.0} s, without {calmSeconds:0.0} s, goodput {calmSeconds / seconds:0.00}; {string.Join(", ", log)}"));
        Assert.NotEmpty(log);
        Assert.Equal(Repository.Hash(calm), Repository.Hash(run));
        Assert.Equal(File.ReadAllText(Path.Combine(calm, "ledger.csv")), File.ReadAllText(Path.Combine(run, "ledger.csv")));
        Assert.InRange(calmSeconds / seconds, leastGoodput, 2);
    }

    /// <returns>The run's folder; seconds from its first step to its end; who was killed.</returns>
    private static async Task<(string Run, double Seconds, List<string> Kills)> RunAsync(TemporaryFolder folder, int steps, int seed, TimeSpan? interval)
    {
        await using var punisher = await Punisher.StartAsync(folder, coordinators: 2, Workers, seed);
        await using var client = Distmtl.Start(
            "submit", SmallJob.Write(folder, "pcgrad", epochs: 100_000, rows: 20_000), "--to", punisher.Http, "--workers", $"{Workers}", "--wait",
            "--set", "training.batchSize=2048", "--set", $"training.maxSteps={steps}", "--set", "training.checkpointEvery=20", "--set", "training.evaluateEvery=1000");
        await client.WaitForAsync(" step 1/");
        var clock = Stopwatch.StartNew();
        var ended = client.WaitLongAsync();
        if (interval is { } every)
            await punisher.PunishAsync(every, ended);
        var exitCode = await ended;
        Assert.True(exitCode == 0, string.Join('\n', punisher.Log) + client.Output + client.Errors);
        return (Directory.EnumerateDirectories(folder["runs"]).Single(), clock.Elapsed.TotalSeconds, punisher.Log);
    }
}
