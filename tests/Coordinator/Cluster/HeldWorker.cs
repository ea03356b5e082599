using System.Threading.Channels;
using DistMtl.ParameterServers;
using DistMtl.Protocol.Messages;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Tests.Cluster;

/// <summary>
/// A worker of one data shard that takes whatever it is sent, and answers a call to work when the test lets it: with
/// gradients of zeros and made-up sums, as frames like any worker's.
/// </summary>
internal sealed class HeldWorker(string name, StartShard start, HeldWorkers all)
{
    /// <summary>Of its one micro-batch.</summary>
    public const int Rows = 8;

    private readonly Channel<int> _held = Channel.CreateUnbounded<int>();
    private TensorConnection? _connection;
    private PlanHeader? _plan;

    public static string NameOf(int shard) => $"held-{shard}";

    /// <summary>Until the coordinator closes the connection.</summary>
    public async Task RunAsync()
    {
        await using var connection = _connection = await TensorConnection.ConnectAsync(start.TensorHost, start.TensorPort, TransportSettings.Default, CancellationToken.None);
        await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, start.Shard.Job, name), default, CancellationToken.None);
        while (await connection.ReceiveAsync(CancellationToken.None) is { } received)
        {
            using var frame = received;
            if (frame.Kind == FrameKind.Plan)
            {
                _plan = frame.Header<PlanHeader>();
                await connection.SendAsync(FrameKind.Ready, new ReadyHeader(_plan.Generation, _plan.Shards, [Rows], all.Labels_T), default, CancellationToken.None);
            }
            else if (frame.Kind == FrameKind.Work)
            {
                var version = frame.Header<WorkHeader>().Version;
                _held.Writer.TryWrite(version);
                all.Note(new Began(start.Shard.Index, version));
            }
        }
    }

    /// <summary>Answers the call to work that it has held longest.</summary>
    public async Task AnswerAsync()
    {
        Assert.True(_held.Reader.TryRead(out var version), $"{name} has no call to work");
        var (shape, generation, shard) = (all.Shape, _plan!.Generation, start.Shard.Index);
        for (var slice = 0; slice < shape.Slices.Count; slice++)
        {
            var zeros = new byte[shape.Slices.GradientLength(shape.Gradient, slice) * sizeof(float)];
            await _connection!.SendAsync(FrameKind.Gradient, new GradientHeader(generation, version, slice, 0, shard), zeros, CancellationToken.None);
        }
        var sums = new SumHeader(generation, version, 0, shard, [.. all.Labels_T.Select(labels => labels * Math.Log(2))], all.Labels_T, all.Labels_T, [Rows]);
        await _connection!.SendAsync(FrameKind.Sum, sums, default, CancellationToken.None);
    }
}

/// <summary>Something that a test waits for.</summary>
internal abstract record RunEvent;

/// <summary>A worker has got its call to work.</summary>
/// <param name="Worker">Index of its shard.</param>
/// <param name="Version">Steps that it has made before.</param>
internal sealed record Began(int Worker, int Version) : RunEvent;

/// <summary>Some worker has made a step, and may not begin the next.</summary>
internal sealed record Waits : RunEvent
{
    public static Waits Instance { get; } = new();
}

/// <summary>All workers of one run, and what happens to them, in its order.</summary>
/// <param name="tasks">T.</param>
internal sealed class HeldWorkers(int tasks)
{
    private readonly Channel<RunEvent> _events = Channel.CreateUnbounded<RunEvent>();
    private readonly Dictionary<int, HeldWorker> _workers = [];

    /// <summary>Valid labels of every step.</summary>
    public long[] Labels_T { get; } = [.. Enumerable.Repeat((long)HeldWorker.Rows, tasks)];

    /// <summary>Set before there is work.</summary>
    public ServerShape Shape { get; set; } = null!;

    /// <summary>The worker of a shard, which is started if it is not there.</summary>
    /// <returns>Its name.</returns>
    public string Start(StartShard start)
    {
        var (shard, name) = (start.Shard.Index, HeldWorker.NameOf(start.Shard.Index));
        lock (_workers)
        {
            if (_workers.ContainsKey(shard))
                return name;
            _workers[shard] = new HeldWorker(name, start, this);
            _ = _workers[shard].RunAsync();
        }
        return name;
    }

    public Task AnswerAsync(int worker)
    {
        lock (_workers)
            return _workers[worker].AnswerAsync();
    }

    public void Note(RunEvent happened) => _events.Writer.TryWrite(happened);

    public async Task<RunEvent> NextAsync(CancellationToken deadline) => await _events.Reader.ReadAsync(deadline);
}
