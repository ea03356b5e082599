using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Hosting;
using DistMtl.Clustering;
using DistMtl.Coordinator.Store;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DistMtl.Coordinator.Tests.Store;

/// <summary>On a real database file, with coordinators that are not in one cluster: each believes to be at work, as behind a partition.</summary>
public sealed class JobStoreTests : IAsyncDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("distmtl-store-").FullName;
    private readonly List<IHost> _nodes = [];
    private readonly ConcurrentQueue<string> _warnings = new();

    [Fact]
    public async Task Whoever_is_at_work_next_has_all_that_was_written_and_a_higher_term()
    {
        var first = await StartAsync("a:1");
        Assert.Equal(JobStoreState.Empty with { Term = 1, Node = "a:1" }, await first.AtWork.WaitAsync(s_deadline));
        await WriteAsync(first, new RunSubmitted("run-1", "job.yaml", "name: x", ["seed=3"], 2));
        await WriteAsync(first, new RunSubmitted("run-2", "job.yaml", "name: y", [], null));
        await WriteAsync(first, new CheckpointCommitted("run-1", 5, 1));
        await WriteAsync(first, new RunFinished("run-2", 2, "wrong", 1));

        var state = await (await StartAsync("b:1")).AtWork.WaitAsync(s_deadline);
        Assert.Equal((2, "b:1"), (state.Term, state.Node));
        Assert.Equal(["run-1", "run-2"], state.Runs.Select(run => run.Submitted.Run));
        Assert.Equal((5, null), (state.Runs[0].Step, state.Runs[0].End));
        Assert.Equal(["seed=3"], state.Runs[0].Submitted.Set);
        Assert.Equal((2, "wrong"), (state.Runs[1].End!.ExitCode, state.Runs[1].End!.Error));
    }

    [Fact]
    public async Task Of_two_that_believe_to_be_at_work_only_the_later_one_can_write()
    {
        var first = await StartAsync("a:1");
        await first.AtWork.WaitAsync(s_deadline);
        await WriteAsync(first, new RunSubmitted("run-1", "job.yaml", "name: x", [], null));
        var second = await StartAsync("b:1");
        await second.AtWork.WaitAsync(s_deadline);

        var refused = await Assert.ThrowsAsync<JobException>(() => first.WriteAsync(new CheckpointCommitted("run-1", 5, 1), TestContext.Current.CancellationToken));
        Assert.Equal(ExitCode.CutOff, refused.ExitCode);
        Assert.Equal("coordinator b:1 is at work (term 2 in the job store), and this one (a:1, term 1) no more", refused.Message);
        Assert.Same(refused, await first.Lost.WaitAsync(s_deadline));
        await WriteAsync(second, new CheckpointCommitted("run-1", 7, 2));
        Assert.Equal(7, (await (await StartAsync("c:1")).AtWork.WaitAsync(s_deadline)).Find("run-1")!.Step);
    }

    [Fact]
    public async Task An_event_that_is_told_again_is_there_once()
    {
        var first = await StartAsync("a:1");
        await first.AtWork.WaitAsync(s_deadline);
        var submitted = new RunSubmitted("run-1", "job.yaml", "name: x", [], null);
        for (var i = 0; i < 3; i++)
            await WriteAsync(first, submitted);
        Assert.Single((await (await StartAsync("b:1")).AtWork.WaitAsync(s_deadline)).Runs);
    }

    [Fact]
    public async Task A_database_that_is_down_for_too_long_ends_the_work_with_its_reason()
    {
        // Nobody listens at this port.
        var store = await StartAsync("a:1", "postgresql:Host=127.0.0.1;Port=1;Username=x;Password=x", TimeSpan.FromSeconds(4));
        var lost = await store.Lost.WaitAsync(s_deadline);
        Assert.Equal(ExitCode.StorageFailed, lost.ExitCode);
        Assert.StartsWith("the job store did not answer within 4 s: Failed to connect to 127.0.0.1:1", lost.Message, StringComparison.Ordinal);
        Assert.StartsWith("the job store does not answer (Failed to connect", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.False(store.AtWork.IsCompleted);
    }

    [Fact]
    public async Task A_coordinator_that_stands_by_says_at_once_that_it_could_not_take_over()
    {
        var store = await StartAsync("a:1", "postgresql:Host=127.0.0.1;Port=1;Username=x;Password=x", standsBy: true);
        using var deadline = new CancellationTokenSource(s_deadline);
        while (!_warnings.Any(warning => warning.StartsWith("this coordinator, should it have to take over, cannot read the job store: ", StringComparison.Ordinal)))
            await Task.Delay(50, deadline.Token);
        Assert.False(store.AtWork.IsCompleted);
    }

    [Theory]
    [InlineData("mysql:Host=x", "it must be sqlite:FILE, or postgresql:")]
    [InlineData("sqlite:", "it must be sqlite:FILE, or postgresql:")]
    [InlineData("postgresql:Hots=x", "hots")]
    public void What_is_no_store_is_refused_with_what_would_be_one(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<JobException>(() => JobStoreSettings.Parse(text, s_deadline)).Message, StringComparison.OrdinalIgnoreCase);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.Services.GetRequiredService<ActorSystem>().Terminate();
            node.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private static Task WriteAsync(JobStore store, object e) => store.WriteAsync(e, TestContext.Current.CancellationToken);

    private async Task<JobStore> StartAsync(string name, string? store = null, TimeSpan? deadline = null, bool standsBy = false)
    {
        var settings = JobStoreSettings.Parse(store ?? $"sqlite:{Path.Combine(_folder, "jobs.db")}", deadline ?? s_deadline);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .AddLog(from: Akka.Event.LogLevel.ErrorLevel)
            .AddNode(new NodeSettings(Roles.Coordinator, "127.0.0.1", 0, []))
            .AddHocon(settings.ToConfig(), HoconAddMode.Prepend));
        var host = builder.Build();
        _nodes.Add(host);
        await host.StartAsync(TestContext.Current.CancellationToken);
        var system = host.Services.GetRequiredService<ActorSystem>();
        var cluster = Akka.Cluster.Cluster.Get(system);
        await cluster.JoinAsync(cluster.SelfAddress, TestContext.Current.CancellationToken);
        var own = new JobStore(name, "http://127.0.0.1:1", settings, TimeProvider.System, _warnings.Enqueue);
        JobStoreSingleton.Start(system, own, standsBy ? _warnings.Enqueue : null);
        return own;
    }
}
