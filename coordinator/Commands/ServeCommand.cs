using System.CommandLine;
using DistMtl.Clustering;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Service;
using DistMtl.Coordinator.Store;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl serve</c>: the coordinator as a service that workers join and jobs are submitted to.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var listen = new ListenOptions();
        var http = new Option<string>("--http") { Description = "Where jobs are submitted.", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        var runs = new Option<string>("--runs") { Description = "Folder of the runs; several coordinators share it.", DefaultValueFactory = _ => "runs" };
        var data = new Option<string>("--data") { Description = "Folder that paths in submitted job files are relative to.", DefaultValueFactory = _ => "." };
        var store = new Option<string?>("--store")
        {
            Description = $"Job store that several coordinators share: sqlite:FILE, or postgresql: and a connection string; or in the variable {JobStoreSettings.Variable}. Default: jobs.db in the folder of the runs.",
        };
        var storeTimeout = new Option<int>("--store-timeout")
        {
            Description = "Seconds to wait for a job store that is down; training goes on meanwhile, without checkpoints.",
            DefaultValueFactory = _ => 60,
        };
        var peers = new Option<string?>("--coordinators")
        {
            Description = "Cluster addresses of all coordinators, this one among them, HOST:PORT with commas, in the same order for each. One is at work, the others stand by.",
        };
        var command = new Command("serve", "Runs the coordinator as a service; jobs come by 'distmtl submit'.") { http, runs, data, store, storeTimeout, peers };
        listen.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(storeTimeout) is { Implicit: false } && result.GetValue(storeTimeout) < 1)
                result.AddError("--store-timeout must be at least 1");
        });
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(
            listen.Read(parse), parse.GetValue(peers), parse.GetValue(http)!, Path.GetFullPath(parse.GetValue(runs)!), Path.GetFullPath(parse.GetValue(data)!),
            parse.GetValue(store) ?? Environment.GetEnvironmentVariable(JobStoreSettings.Variable) ?? $"sqlite:{Path.GetFullPath(Path.Combine(parse.GetValue(runs)!, "jobs.db"))}",
            TimeSpan.FromSeconds(parse.GetValue(storeTimeout)))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(NodeAddress address, string? peers, string http, string runs, string data, string database, TimeSpan storeTimeout)
    {
        if (!Uri.TryCreate(http, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
            throw new JobException($"--http is '{http}'; it must be an address such as http://127.0.0.1:8080");
        if (!Directory.Exists(data))
            throw new JobException($"--data: there is no folder {data}");
        try
        {
            Directory.CreateDirectory(runs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JobException($"--runs: the folder {runs} cannot be made: {e.Message}", ExitCode.BadInput, e);
        }
        // Paths of overrides are relative to the current folder everywhere: here that is the data folder, too.
        Directory.SetCurrentDirectory(data);
        var settings = JobStoreSettings.Parse(database, storeTimeout);
        address = address with { Peers = PeersOf(peers, address) };
        if (address.Peers.Count > 0 && address.Peers[0] != OwnAddress(address))
            await Console.Out.WriteLineAsync($"joining the cluster of {string.Join(" or ", address.Peers.Where(peer => peer != OwnAddress(address)))}; where none is up, {address.Peers[0]}, the first of the list, must be started to found it");
        using var signals = new StopSignals();
        await using var node = await ClusterNode.StartAsync(address, signals.Token, settings.ToConfig());
        Action<string> warn = warning => Console.Error.WriteLine($"warning: {warning}");
        var store = new JobStore(node.JoinAddress, http, settings, TimeProvider.System, warn);
        var whereIsWork = JobStoreSingleton.Start(node.System, store, address.Peers.Count > 1 ? warn : null);
        using var queue = new RunQueue(node, store, data, runs, TimeProvider.System);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(http);
        await using var app = builder.Build();
        RunApi.Map(app, queue, whereIsWork);
        try
        {
            await app.StartAsync(signals.Token);
        }
        catch (IOException e)
        {
            throw new JobException($"cannot listen on {http}: {e.Message}", ExitCode.Failure, e);
        }
        await Console.Out.WriteLineAsync($"workers join {node.JoinAddress}; jobs are submitted to {http}; runs are left in {runs}");
        await ServeAsync(node, store, queue, signals.Token);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(deadline.Token);
        await node.LeaveAsync();
        return ExitCode.Success;
    }

    /// <summary>Until it is told to stop.</summary>
    /// <exception cref="JobException">It is not at work any more, nor standing by.</exception>
    private static async Task ServeAsync(ClusterNode node, JobStore store, RunQueue queue, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = queue.RunAllAsync(ended.Token);
        _ = AnnounceAsync(store);
        if (await Task.WhenAny(running, store.Lost, node.Ended) == running)
        {
            await running;
            return;
        }
        node.ExpectTheEnd();
        var reason = store.Lost.IsCompleted ? await store.Lost : ClusterNode.CutOff();
        store.End(reason);
        await ended.CancelAsync();
        // What it computes leads nowhere; it has nothing to write any more.
        await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None));
        throw reason;
    }

    private static async Task AnnounceAsync(JobStore store)
    {
        var state = await store.AtWork;
        var open = state.Runs.Count(run => run.End is null);
        await Console.Out.WriteLineAsync($"this coordinator is at work (term {state.Term}); {NumberText.Plural(open, "run")} to go on with{(store.Predecessor is { } node ? $"; it has taken over from {node}" : "")}");
    }

    private static string OwnAddress(NodeAddress address) => $"{address.Host}:{address.Port}";

    private static IReadOnlyList<string> PeersOf(string? text, NodeAddress address)
    {
        if (text is null)
            return [];
        var own = OwnAddress(address);
        return NodeSettings.ParseNodes(text) is { } peers && peers.Contains(own) && peers.Distinct().Count() == peers.Count
            ? peers
            : throw new JobException($"--coordinators is '{text}'; it must list the cluster addresses of all coordinators, each once, HOST:PORT with commas, {own} among them");
    }
}
