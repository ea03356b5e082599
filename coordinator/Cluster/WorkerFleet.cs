using System.Collections.Concurrent;
using System.Threading.Channels;
using Akka.Actor;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Cluster;

/// <summary>A frame and the worker that sent it.</summary>
internal readonly record struct WorkerFrame(string Worker, Frame Frame);

/// <summary>
/// The workers of one run, formed up: where the shards live, and a tensor connection to each. The first loss of a worker
/// (its process, its connection or its membership) ends every wait with the reason.
/// </summary>
internal sealed class WorkerFleet : IWorkerLinks, IAsyncDisposable
{
    private const long FirstGeneration = 1;

    private static readonly TimeSpan FormDeadline = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, TensorConnection> _connections = new();
    private readonly Channel<WorkerFrame> _frames = Channel.CreateUnbounded<WorkerFrame>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<Placement> _formed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _job;
    private readonly Action<string> _notice;
    private readonly SemaphoreSlim _connected = new(0);
    private IActorRef _actor = ActorRefs.Nobody;
    private Task _receiving = Task.CompletedTask;
    private readonly TaskCompletionSource<JobException> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<FrameKind, Func<string, Frame, CancellationToken, Task>> _routes = new();
    private JobException? _loss;

    private WorkerFleet(string job, Action<string> notice) => (_job, _notice) = (job, notice);

    public Placement Placement { get; private set; } = new(FirstGeneration, []);

    public int Workers => Placement.Workers.Length;

    public IReadOnlyList<string> All => [.. Placement.Workers.Select(worker => worker.Worker)];

    /// <summary>
    /// From now on frames of these kinds go to <paramref name="handler"/>, on the thread that received them, instead of to
    /// <see cref="ReceiveAsync(TimeSpan, Func{string}, CancellationToken)"/>; the frame is disposed after it.
    /// </summary>
    public void Route(IEnumerable<FrameKind> kinds, Func<string, Frame, CancellationToken, Task> handler)
    {
        foreach (var kind in kinds)
            _routes[kind] = handler;
    }

    /// <summary>Waits for a task, but no longer than all workers are there.</summary>
    /// <exception cref="JobException">A worker is lost.</exception>
    public async Task<T> UnlessLostAsync<T>(Task<T> task)
    {
        if (await Task.WhenAny(task, _lost.Task) != task && !task.IsCompleted)
            throw await _lost.Task;
        return await task;
    }

    /// <summary>Waits until every data shard lives on a worker and every such worker is connected.</summary>
    /// <param name="notice">Told what a person should know.</param>
    /// <exception cref="JobException">Not all were there before the deadline; the message names what is missing.</exception>
    public static async Task<WorkerFleet> FormAsync(TrainingCluster cluster, int shards, Action<string> notice, CancellationToken cancellation)
    {
        // Unique in the cluster: a service runs one job after another.
        var fleet = new WorkerFleet(Guid.NewGuid().ToString("N")[..12], notice);
        try
        {
            if (cluster.Local is { } local)
                _ = fleet.LoseOnAsync(local.Lost);
            await fleet.FormAsync(cluster.Node, shards, cluster.Workers, cancellation);
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
        notice($"the cluster is formed: {shards} data shards on {fleet.Workers} workers ({fleet.Placement})");
        return fleet;
    }

    /// <summary>Something outside the cluster's own signs (a worker's process that ended) says that a worker is gone.</summary>
    public void Lose(JobException reason)
    {
        Interlocked.CompareExchange(ref _loss, reason, null);
        _formed.TrySetException(reason);
        _lost.TrySetResult(_loss!);
        _frames.Writer.TryComplete(reason);
    }

    /// <summary>As <see cref="Lose"/>, when the reason is there.</summary>
    private async Task LoseOnAsync(Task<JobException> reason) => Lose(await reason);

    /// <summary>Sends one frame to every worker at once.</summary>
    public Task SendAsync<T>(FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        SendAsync(kind, _ => header, payload, cancellation);

    /// <summary>Sends every worker a frame of its own header.</summary>
    public async Task SendAsync<T>(FrameKind kind, Func<WorkerShards, T> header, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(Placement.Workers.Select(worker =>
                _connections[worker.Worker].SendAsync(kind, header(worker), payload, cancellation)));
        }
        catch (Exception e) when (e is IOException or TimeoutException or ObjectDisposedException)
        {
            throw _loss ?? new JobException($"a worker took no data: {e.Message}", ExitCode.ClusterLost, e);
        }
    }

    /// <inheritdoc/>
    public async Task SendAsync<T>(string worker, FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        try
        {
            await _connections[worker].SendAsync(kind, header, payload, cancellation);
        }
        catch (Exception e) when (e is IOException or TimeoutException or ObjectDisposedException)
        {
            throw _loss ?? new JobException($"worker {worker} took no data: {e.Message}", ExitCode.ClusterLost, e);
        }
    }

    /// <summary>The next frame from any worker.</summary>
    /// <param name="deadline">For this wait.</param>
    /// <param name="missing">Asked, when it has passed, for what is missing.</param>
    /// <exception cref="JobException">A worker is lost, or the deadline has passed.</exception>
    public async Task<WorkerFrame> ReceiveAsync(TimeSpan deadline, Func<string> missing, CancellationToken cancellation)
    {
        if (_frames.Reader.TryRead(out var ready))
            return ready;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(deadline);
        try
        {
            return await _frames.Reader.ReadAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new JobException($"no answer within {deadline.TotalSeconds:0.#} s: {missing()}", ExitCode.ClusterLost);
        }
        catch (ChannelClosedException)
        {
            throw _loss ?? new JobException("the workers are gone", ExitCode.ClusterLost);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _actor.Tell(JobActor.StopJob.Instance);
        foreach (var connection in _connections.Values)
            await connection.DisposeAsync();
        await _receiving;
        while (_frames.Reader.TryRead(out var left))
            left.Frame.Dispose();
        _ended.Dispose();
        _connected.Dispose();
    }

    private async Task FormAsync(ClusterNode node, int shards, int workers, CancellationToken cancellation)
    {
        var settings = new JobSettings(_job, shards, workers, FirstGeneration, node.Host, node.Tensors.Port, FormDeadline);
        _actor = node.System.ActorOf(Props.Create(() => new JobActor(settings, node.Shards, _formed, Lose)), $"job-{_job}");
        _receiving = AcceptAsync(node.Tensors);
        using var lost = _ended.Token.Register(() => _formed.TrySetCanceled());
        Placement = await _formed.Task.WaitAsync(cancellation);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(FormDeadline);
        try
        {
            while (Placement.Workers.Any(worker => !_connections.ContainsKey(worker.Worker)))
                await _connected.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var missing = Placement.Workers.Where(worker => !_connections.ContainsKey(worker.Worker)).Select(worker => worker.Worker);
            throw _loss ?? new JobException($"worker {string.Join(", ", missing)} did not connect to the tensor plane within {FormDeadline.TotalSeconds:0} s", ExitCode.ClusterLost);
        }
    }

    private async Task AcceptAsync(TensorListener listener)
    {
        var receiving = new List<Task>();
        try
        {
            while (true)
            {
                var (connection, hello) = await listener.AcceptAsync(_job, _notice, _ended.Token);
                if (!_connections.TryAdd(hello.Worker, connection))
                {
                    _notice($"tensor plane: a second connection of worker {hello.Worker} was refused");
                    await connection.DisposeAsync();
                    continue;
                }
                _connected.Release();
                receiving.Add(ReceiveAsync(hello.Worker, connection));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            // The run is over, or the listener is closed.
        }
        await Task.WhenAll(receiving);
    }

    private async Task ReceiveAsync(string worker, TensorConnection connection)
    {
        try
        {
            while (await connection.ReceiveAsync(_ended.Token) is { } frame)
            {
                if (frame.Kind == FrameKind.Failed)
                    Lose(ReasonOf(worker, frame));
                else if (_routes.TryGetValue(frame.Kind, out var route))
                    await HandAsync(route, worker, frame);
                else
                    _frames.Writer.TryWrite(new WorkerFrame(worker, frame));
            }
            LoseUnlessEnded(worker, "closed its connection");
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            LoseUnlessEnded(worker, $"was lost: {e.Message}");
        }
    }

    private async Task HandAsync(Func<string, Frame, CancellationToken, Task> route, string worker, Frame received)
    {
        using var frame = received;
        try
        {
            await route(worker, frame, _ended.Token);
        }
        catch (JobException e)
        {
            Lose(e);
        }
    }

    private static JobException ReasonOf(string worker, Frame received)
    {
        using var frame = received;
        var failed = frame.Header<FailedHeader>();
        return new JobException($"worker {worker}: {failed.Error}", (ExitCode)failed.ExitCode);
    }

    private void LoseUnlessEnded(string worker, string what)
    {
        if (!_ended.IsCancellationRequested)
            Lose(new JobException($"worker {worker} {what}", ExitCode.ClusterLost));
    }
}
