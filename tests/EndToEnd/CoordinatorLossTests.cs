using System.Runtime.InteropServices;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Coordinators are killed: one that is started again, or another one, goes on with the job, and workers stay; the bits are those of a calm run.</summary>
public sealed class CoordinatorLossTests(ReferenceRuns references)
{
    private const int Epochs = 12;

    [Fact]
    public async Task A_killed_coordinator_goes_on_with_its_jobs_when_it_is_started_again()
    {
        using var folder = new TemporaryFolder();
        var coordinator = new Coordinator(folder, $"sqlite:{folder["jobs.db"]}");
        await using var first = await coordinator.StartAsync([]);
        await using var one = Coordinator.StartWorker([coordinator]);
        await using var two = Coordinator.StartWorker([coordinator]);
        await using var client = await SubmitAsync(folder, Epochs, coordinator);
        await first.WaitForAsync("at work (term 1)");
        await WaitForStepAsync(folder, 20);
        first.Kill();
        await first.WaitAsync();

        await using var second = await coordinator.StartAsync([]);
        Assert.True(await client.WaitAsync() == 0, client.Output + client.Errors + second.Errors);
        Assert.Contains("at work (term 2); 1 run to go on with", second.Output, StringComparison.Ordinal);
        await EndsLikeACalmRun(folder, Epochs);
        Assert.False(one.HasExited || two.HasExited);
    }

    [Fact]
    public async Task A_coordinator_that_stands_by_takes_over_and_hands_over()
    {
        LongTests.SkipUnlessWanted();
        using var folder = new TemporaryFolder();
        await TakesOver(folder, $"sqlite:{folder["jobs.db"]}");
    }

    [Fact]
    public async Task A_coordinator_that_stands_by_takes_over_with_the_job_store_in_PostgreSQL()
    {
        await using var server = await PostgreSql.StartAsync();
        using var folder = new TemporaryFolder();
        await TakesOver(folder, server.Store);
    }

    [Fact]
    public async Task Training_goes_on_while_the_job_store_is_down()
    {
        await using var server = await PostgreSql.StartAsync();
        using var folder = new TemporaryFolder();
        var coordinator = new Coordinator(folder, server.Store);
        await using var service = await coordinator.StartAsync([]);
        await using var worker = Coordinator.StartWorker([coordinator]);
        await using var client = await SubmitAsync(folder, Epochs, coordinator);
        await WaitForStepAsync(folder, 10);
        await server.StopAsync();
        await client.WaitForAsync("the job store does not answer");
        await WaitForStepAsync(folder, LastStep(folder) + 5);
        await server.RestartAsync();
        Assert.True(await client.WaitAsync() == 0, client.Output + client.Errors + service.Errors);
        await EndsLikeACalmRun(folder, Epochs);
    }

    /// <param name="fault">Of the coordinator, in a run of ten steps with a checkpoint behind each second one.</param>
    [Theory]
    [InlineData("4/checkpoint")]
    public Task A_coordinator_that_is_killed_at_some_step_resumes_by_itself(string fault) => ResumesByItself(fault);

    public static TheoryData<string> AllFaults() => [.. Enumerable.Range(1, 10).SelectMany(step => (string[])
        [$"{step}/before", $"{step}/weighing", $"{step}/committed", .. step % 2 == 0 ? new[] { $"{step}/checkpoint", $"{step}/checkpointed" } : []])];

    [Theory]
    [MemberData(nameof(AllFaults))]
    public async Task A_coordinator_that_is_killed_at_any_step_resumes_by_itself(string fault)
    {
        LongTests.SkipUnlessWanted();
        await ResumesByItself(fault);
    }

    private async Task ResumesByItself(string fault)
    {
        using var folder = new TemporaryFolder();
        var coordinator = new Coordinator(folder, $"sqlite:{folder["jobs.db"]}");
        await using var first = await coordinator.StartAsync([], new() { ["DISTMTL_FAULTS"] = $"distmtl@{fault}:kill" });
        await using var worker = Coordinator.StartWorker([coordinator]);
        await using var client = await SubmitAsync(folder, epochs: 2, coordinator, "--set", "training.maxSteps=10", "--set", "training.checkpointEvery=2");
        Assert.Equal(137, await first.WaitAsync());
        await using var second = await coordinator.StartAsync([]);
        Assert.True(await client.WaitAsync() == 0, client.Output + client.Errors + second.Errors);
        await EndsLikeACalmRun(folder, epochs: 2, maxSteps: 10);
    }

    [Fact]
    public async Task A_run_that_takes_every_coordinator_along_is_not_begun_for_ever()
    {
        LongTests.SkipUnlessWanted();
        using var folder = new TemporaryFolder();
        var coordinator = new Coordinator(folder, $"sqlite:{folder["jobs.db"]}");
        await using var worker = Coordinator.StartWorker([coordinator]);
        Distmtl? client = null;
        // The first, to which it is submitted, does not count: another run may have been what ended it.
        for (var i = 0; i <= 10; i++)
        {
            await using var killed = await coordinator.StartAsync([], new() { ["DISTMTL_FAULTS"] = "distmtl@1/before:kill" });
            client ??= await SubmitAsync(folder, epochs: 2, coordinator);
            Assert.Equal(137, await killed.WaitAsync());
        }
        await using var last = await coordinator.StartAsync([]);
        await using var told = client!;
        Assert.Equal(4, await told.WaitAsync());
        Assert.Contains("10 coordinators in a row ended while they had this run, before it had a checkpoint", told.Output + told.Errors, StringComparison.Ordinal);
    }

    private async Task TakesOver(TemporaryFolder folder, string store)
    {
        Coordinator[] both = [new(folder, store), new(folder, store)];
        await using var first = await both[0].StartAsync(both);
        await first.WaitForAsync("at work (term 1)");
        await using var second = await both[1].StartAsync(both);
        await using var one = Coordinator.StartWorker(both);
        await using var two = Coordinator.StartWorker(both);
        // To the one that stands by, which sends it on.
        await using var client = await SubmitAsync(folder, 3 * Epochs, both[1]);
        await WaitForStepAsync(folder, 20);
        first.Kill();
        await second.WaitForAsync("at work (term 2); 1 run to go on with");
        await using var third = await both[0].StartAsync(both);
        await WaitForStepAsync(folder, LastStep(folder) + 20);
        second.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await second.WaitAsync());
        await third.WaitForAsync("at work (term 3); 1 run to go on with");
        Assert.Contains(Directory.EnumerateDirectories(folder["runs"]).Select(Path.GetFileName).Single()!, await GetAsync($"{both[0].Http}/v1/runs"), StringComparison.Ordinal);
        await third.WaitForAsync("at work");
        await WaitForAsync(() => Run(folder) is { } run && File.Exists(Path.Combine(run, "summary.json")) && Repository.Summary(run).GetProperty("status").GetString() == "completed");
        await EndsLikeACalmRun(folder, 3 * Epochs);
        Assert.False(one.HasExited || two.HasExited);
        Assert.Empty(one.Errors);
    }

    private static async Task<Distmtl> SubmitAsync(TemporaryFolder folder, int epochs, Coordinator to, params string[] more)
    {
        var client = Distmtl.Start(["submit", SmallJob.Write(folder, "pcgrad", epochs), "--to", to.Http, "--wait", .. more]);
        await client.WaitForAsync("it is left in");
        return client;
    }

    private static string? Run(TemporaryFolder folder) => Directory.Exists(folder["runs"]) ? Directory.EnumerateDirectories(folder["runs"]).SingleOrDefault() : null;

    private static int LastStep(TemporaryFolder folder) => Run(folder) is { } run && File.Exists(Path.Combine(run, "metrics.jsonl"))
        ? File.ReadLines(Path.Combine(run, "metrics.jsonl")).Count(line => line.Contains("\"kind\":\"step\"", StringComparison.Ordinal))
        : 0;

    private static Task WaitForStepAsync(TemporaryFolder folder, int step) => WaitForAsync(() => LastStep(folder) >= step);

    private static async Task WaitForAsync(Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!holds())
            await Task.Delay(20, deadline.Token);
    }

    private static async Task<string> GetAsync(string url)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        return await client.GetStringAsync(new Uri(url), TestContext.Current.CancellationToken);
    }

    private async Task EndsLikeACalmRun(TemporaryFolder folder, int epochs, int? maxSteps = null)
    {
        var (run, calm) = (Run(folder)!, await references.RunAsync("pcgrad", epochs, maxSteps));
        Assert.Equal(Repository.Hash(calm), Repository.Hash(run));
        Assert.Equal(File.ReadAllText(Path.Combine(calm, "ledger.csv")), File.ReadAllText(Path.Combine(run, "ledger.csv")));
        Assert.Equal(Repository.Summary(calm).GetProperty("steps").GetInt32(), LastStep(folder));
    }
}
