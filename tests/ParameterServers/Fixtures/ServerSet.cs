using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>Some servers and workers in memory: frames are real, sockets there are none.</summary>
internal sealed class ServerSet : IWorkerLinks
{
    private readonly ServerCase _case;
    private readonly LocalServers _local;

    public ServerSet(ServerCase @case, int servers, params int[][] shardsByWorker)
        : this(@case, servers, [LaneMembers.All(ServerCase.Shards)], shardsByWorker)
    {
    }

    public ServerSet(ServerCase @case, int servers, IReadOnlyList<LaneMembers> lanes, params int[][] shardsByWorker)
    {
        (_case, Shape) = (@case, @case.Shape(servers));
        // Servers of one process share the vectors, but each has its own rows.
        var first = @case.State();
        Servers = [.. Enumerable.Range(0, servers).Select(index =>
            new ParameterServer(Shape, index, 0, index == 0 ? first : first with { Tables = @case.State().Tables }, lanes, this))];
        _local = new LocalServers(Shape, Servers.Select((server, index) => (server, index)).ToDictionary(pair => pair.index, pair => pair.server));
        Workers = [.. shardsByWorker.Select((shards, index) => new SomeWorker(@case, Shape, $"worker-{index}", shards, new Links(this, $"worker-{index}")))];
    }

    public ServerShape Shape { get; }

    /// <summary>Payloads that the workers have sent.</summary>
    public Dictionary<FrameKind, long> SentBytes { get; } = [];

    public IReadOnlyList<ParameterServer> Servers { get; }

    public IReadOnlyList<SomeWorker> Workers { get; }

    public IReadOnlyList<string> All => [.. Workers.Select(worker => worker.Name)];

    public static Frame FrameOf<T>(FrameKind kind, T header, ReadOnlySpan<byte> payload)
    {
        var buffer = TensorBuffer.Rent(payload.Length);
        payload.CopyTo(buffer.GetSpan());
        return new Frame(kind, FrameFormat.Serialize(header), buffer);
    }

    /// <summary>To a worker.</summary>
    public Task SendAsync<T>(string worker, FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        Workers.Single(candidate => candidate.Name == worker).Inbox.Writer.WriteAsync(FrameOf(kind, header, payload.Span), cancellation).AsTask();

    /// <summary>To the server that the header says.</summary>
    public async Task SendAsync<T>(FrameKind kind, T header, byte[] payload, string worker = "worker-0")
    {
        SentBytes[kind] = SentBytes.GetValueOrDefault(kind) + payload.Length;
        using var frame = FrameOf(kind, header, payload);
        await _local.OnFrameAsync(worker, frame, TestContext.Current.CancellationToken);
    }

    public Task RunAsync(Func<ParameterServer, Task> what) => Task.WhenAll(Servers.Select(what));

    /// <summary>What all servers have measured.</summary>
    public async Task<StepReport[]> ReportAsync() =>
        await Task.WhenAll(Servers.Select(server => server.ReportAsync(lane: 0, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)));

    /// <summary>Everything up to the first step's gradients: parameters and rows are with the workers.</summary>
    public async Task BeginAsync()
    {
        foreach (var send in Workers.SelectMany(worker => worker.Pulls(0)))
            await send();
        await RunAsync(server => server.PublishAsync(label: 0, TestContext.Current.CancellationToken));
        foreach (var worker in Workers)
            await worker.ReadyAsync(0);
    }

    /// <summary>As <see cref="SmallRun.RunAsync"/>.</summary>
    public Task<Outcome> RunAsync(ulong order, Func<int, IReadOnlyList<Func<Task>>, Task>? disturb = null) =>
        SmallRun.RunAsync(_case, Servers, Workers, order, disturb);

    private sealed class Links(ServerSet set, string worker) : IServerLinks
    {
        public Task SendAsync<T>(int server, FrameKind kind, T header, byte[] payload) => set.SendAsync(kind, header, payload, worker);
    }
}
