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
/// The workers of one generation of a run, formed up: where the shards live, and a tensor connection to each. The first loss of
/// a worker (its connection or its membership) takes it out of the cluster and ends every wait with the reason; who goes on
/// forms up the next generation.
/// </summary>
internal sealed class WorkerFleet : IWorkerLinks, IMembership, IAsyncDisposable
{
    /// <summary>Between two signs of one loss, or two losses of one cause.</summary>
    private static readonly TimeSpan SignDelay = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan FormDeadline = TimeSpan.FromSeconds(60);

    /// <summary>For how long what a lost worker still sends is counted: it may have been stopped, and go on.</summary>
    private static readonly TimeSpan LatePatience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, TensorConnection> _connections = new();
    private readonly Channel<WorkerFrame> _frames = Channel.CreateUnbounded<WorkerFrame>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<string, bool> _late = new();
    private readonly TaskCompletionSource<Placement> _formed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _job;
    private readonly TrainingCluster _cluster;
    private readonly Action<string> _notice;
    private readonly WaitBoard _waits;
    private readonly SemaphoreSlim _connected = new(0);
    private IActorRef _actor = ActorRefs.Nobody;
    private Task _receiving = Task.CompletedTask;
    private readonly TaskCompletionSource<JobException> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<FrameKind, Func<string, Frame, CancellationToken, Task>> _routes = new();
    private JobException? _loss;
    private volatile IReadOnlyList<string> _awaited = [];

    private WorkerFleet(string job, TrainingCluster cluster, WaitBoard waits, Action<string> notice) =>
        (_job, _cluster, _waits, _notice) = (job, cluster, waits, notice);

    public Placement Placement { get; private set; } = new(0, []);

    public int Workers => Placement.Workers.Length;

    public IReadOnlyList<string> All => [.. Placement.Workers.Select(worker => worker.Worker)];

    /// <summary>
    /// From now on frames of these kinds go to <paramref name="handler"/>, on the thread that received them, instead of to
    /// <see cref="ReceiveAsync(TimeSpan, string, Func{IEnumerable{int}}, CancellationToken)"/>; the frame is disposed after it.
    /// </summary>
    public void Route(IEnumerable<FrameKind> kinds, Func<string, Frame, CancellationToken, Task> handler)
    {
        foreach (var kind in kinds)
            _routes[kind] = handler;
    }

    /// <summary>Shows that something is waited for, until what is returned is disposed.</summary>
    /// <param name="missing">Asked, at any time, for the shards that are missing.</param>
    public IDisposable Wait(string what, TimeSpan deadline, Func<IEnumerable<int>> missing) => _waits.Begin(what, deadline, () => Describe(missing()));

    /// <summary>Waits for a task, but no longer than all workers are there.</summary>
    /// <exception cref="JobException">A worker is lost.</exception>
    public async Task<T> UnlessLostAsync<T>(Task<T> task)
    {
        if (await Task.WhenAny(task, _lost.Task) != task && !task.IsCompleted)
            throw await _lost.Task;
        return await task;
    }

    /// <summary>Waits until every data shard lives on a worker and every such worker is connected.</summary>
    /// <param name="waits">Shows what is waited for; outlives the fleet.</param>
    /// <param name="notice">Told what a person should know.</param>
    /// <exception cref="JobException">Not all were there before the deadline; the message names what is missing.</exception>
    public static Task<WorkerFleet> FormAsync(TrainingCluster cluster, int shards, WaitBoard waits, Action<string> notice, CancellationToken cancellation) =>
        FormAsync(cluster, shards, 1, FormDeadline, waits, notice, cancellation);

    /// <summary>As above.</summary>
    /// <param name="minWorkers">Fewer are not enough, even where workers were lost.</param>
    /// <param name="patience">For others to join where fewer are left.</param>
    /// <exception cref="JobException">As above.</exception>
    public static async Task<WorkerFleet> FormAsync(
        TrainingCluster cluster, int shards, int minWorkers, TimeSpan patience, WaitBoard waits, Action<string> notice, CancellationToken cancellation)
    {
        // Unique in the cluster: a service runs one job after another, and what an earlier generation still sends finds no one.
        var fleet = new WorkerFleet(Guid.NewGuid().ToString("N")[..12], cluster, waits, notice);
        try
        {
            var generation = cluster.Node.NextGeneration();
            if (cluster.Local is { } local)
                _ = fleet.FailOnAsync(local.ExitAsync(local.Alive));
            var left = cluster.WorkersLeft;
            var isWaiting = left < minWorkers;
            if (!cluster.HasFormed && left < cluster.Workers)
                notice($"{await cluster.Local!.LastExitAsync()}; {left} of {cluster.Workers} workers are left");
            if (isWaiting)
                notice($"waiting up to {patience.TotalSeconds:0} s for workers to join: {left} left of at least {minWorkers} (training.minWorkers)");
            await fleet.FormAsync(generation, shards, Math.Max(left, minWorkers), minWorkers, isWaiting ? patience : FormDeadline, cancellation);
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
        notice($"the cluster is formed: {shards} data shards on {fleet.Workers} {(fleet.Workers == 1 ? "worker" : "workers")} ({fleet.Placement})");
        return fleet;
    }

    /// <summary>Whether workers have come, or want to go, so that the run should form up again where it loses nothing by it: behind a step.</summary>
    public bool IsOutdated { get; private set; }

    void IMembership.Await(string what) => _awaited = [what];

    void IMembership.Leave(string worker)
    {
        _cluster.Lose(worker);
        IsOutdated = true;
    }

    void IMembership.Join(string worker)
    {
        _cluster.Join(worker);
        IsOutdated = true;
    }

    void IMembership.Forget(string worker) => _cluster.Forget(worker);

    void IMembership.GiveUp(JobException reason) => _ = GiveUpAsync(reason);

    /// <summary>A worker is gone: the cluster is told, so that its shards move.</summary>
    public void Lose(WorkerLostException reason)
    {
        if (!_ended.IsCancellationRequested)
        {
            _late.TryAdd(reason.Worker, true);
            _cluster.Lose(reason.Worker);
            _actor.Tell(new JobActor.DownWorker(reason.Worker));
        }
        Fail(reason);
    }

    /// <summary>A worker has given up. Where it blames another one, that one's own sign may be on its way, and says more.</summary>
    private async Task GiveUpAsync(JobException reason)
    {
        if (reason.ExitCode == ExitCode.ClusterLost)
            await ((Task)Task.Delay(SignDelay, _ended.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (reason is WorkerLostException lost)
            Lose(lost);
        else
            Fail(reason);
    }

    /// <summary>Every wait ends with a reason; the first one counts.</summary>
    public void Fail(JobException reason)
    {
        Interlocked.CompareExchange(ref _loss, reason, null);
        _formed.TrySetException(reason);
        _lost.TrySetResult(_loss!);
        _frames.Writer.TryComplete(reason);
    }

    /// <summary>Who ends before the workers have formed up may not be a member yet. Later, its connection says so, and whose it is.</summary>
    private async Task FailOnAsync(Task<WorkerLostException> exit)
    {
        var reason = await exit;
        if (!_formed.Task.IsCompleted)
            Fail(reason);
    }

    /// <summary>Sends one frame to every worker at once.</summary>
    public Task SendAsync<T>(FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        SendAsync(kind, _ => header, payload, cancellation);

    /// <summary>Sends every worker a frame of its own header.</summary>
    public Task SendAsync<T>(FrameKind kind, Func<WorkerShards, T> header, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        Task.WhenAll(Placement.Workers.Select(worker => SendAsync(worker.Worker, kind, header(worker), payload, cancellation)));

    /// <inheritdoc/>
    public async Task SendAsync<T>(string worker, FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        try
        {
            // New parameters are of no use to a worker before it is told what to do with them.
            await _connections[worker].SendAsync(kind, header, payload, isFollowed: kind == FrameKind.Slice, cancellation);
        }
        catch (Exception e) when (e is IOException or TimeoutException or ObjectDisposedException)
        {
            Lose(new WorkerLostException(worker, $"took no data: {e.Message}", e));
            throw _loss!;
        }
    }

    /// <summary>The next frame from any worker.</summary>
    /// <param name="deadline">For this wait.</param>
    /// <param name="what">Is waited for, such as a step.</param>
    /// <param name="missing">Asked, at any time, for the shards that are missing: when the deadline has passed their workers are lost.</param>
    /// <exception cref="JobException">A worker is lost.</exception>
    public async Task<WorkerFrame> ReceiveAsync(TimeSpan deadline, string what, Func<IEnumerable<int>> missing, CancellationToken cancellation)
    {
        if (_frames.Reader.TryRead(out var ready))
            return ready;
        using var wait = Wait(what, deadline, missing);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(deadline);
        try
        {
            return await _frames.Reader.ReadAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Late(what, missing(), deadline);
        }
        catch (ChannelClosedException)
        {
            throw _loss ?? new JobException("the workers are gone", ExitCode.ClusterLost);
        }
    }

    /// <summary>Shards have not been heard of before a deadline: their workers are lost, however alive they look.</summary>
    /// <param name="what">Was waited for.</param>
    /// <returns>To be thrown.</returns>
    public JobException Late(string what, IEnumerable<int> shards, TimeSpan deadline)
    {
        foreach (var (worker, late) in Placement.HoldersOf(shards))
        {
            Lose(new WorkerLostException(worker, $"gave no answer within {deadline.TotalSeconds:0.#} s: {what} (generation {Placement.Generation}) lacks its shards {string.Join(", ", late)}"));
        }
        return _loss ?? new JobException($"no answer within {deadline.TotalSeconds:0.#} s: {what} (generation {Placement.Generation})", ExitCode.ClusterLost);
    }

    private List<string> Unconnected => [.. Placement.Workers.Select(worker => worker.Worker).Where(worker => !_connections.ContainsKey(worker))];

    private IEnumerable<string> Describe(IEnumerable<int> shards) =>
        Placement.HoldersOf(shards).Select(worker => $"data shards {string.Join(' ', worker.Shards)} of worker {worker.Worker}");

    public async ValueTask DisposeAsync()
    {
        // Who is gone, too, should be known before the next generation counts on it.
        if (_loss is WorkerLostException)
            await Task.Delay(SignDelay);
        await _ended.CancelAsync();
        _actor.Tell(JobActor.StopJob.Instance);
        // A lost worker's stays open, so that what it sends too late is counted, unless it is closed already.
        foreach (var (worker, connection) in _connections)
        {
            if (!_late.ContainsKey(worker))
                await connection.DisposeAsync();
        }
        await _receiving;
        while (_frames.Reader.TryRead(out var left))
            left.Frame.Dispose();
        foreach (var worker in _late.Keys)
        {
            if (_connections.TryGetValue(worker, out var connection))
                _ = CountLateAsync(connection);
        }
        _ended.Dispose();
        _connected.Dispose();
    }

    private async Task FormAsync(long generation, int shards, int workers, int minWorkers, TimeSpan patience, CancellationToken cancellation)
    {
        var node = _cluster.Node;
        var settings = new JobSettings(_job, shards, workers, generation, node.Host, node.Tensors.Port, patience) { Lost = [.. _cluster.Lost], MinWorkers = minWorkers };
        _actor = node.Run(Props.Create(() => new JobActor(settings, node.Shards, _formed, this)), $"job-{_job}");
        _receiving = AcceptAsync(node.Tensors);
        using var lost = _ended.Token.Register(() => _formed.TrySetCanceled());
        using var wait = _waits.Begin("the cluster to form", patience, () => _awaited);
        Placement = await _formed.Task.WaitAsync(cancellation);
        _cluster.Form(All);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(FormDeadline);
        try
        {
            while (Unconnected is { Count: > 0 } missing)
            {
                _awaited = [.. missing.Select(worker => $"worker {worker} has not connected to the tensor plane")];
                await _connected.WaitAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw _loss ?? new JobException($"worker {string.Join(", ", Unconnected)} did not connect to the tensor plane within {FormDeadline.TotalSeconds:0} s", ExitCode.ClusterLost);
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
                receiving.RemoveAll(task => task.IsCompleted);
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
                {
                    // It closes its connection now.
                    await GiveUpAsync(ReasonOf(worker, frame));
                    return;
                }
                if (_routes.TryGetValue(frame.Kind, out var route))
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

    /// <summary>Refuses what a lost worker still sends, until it learns that it is lost and closes its connection.</summary>
    private async Task CountLateAsync(TensorConnection connection)
    {
        using var patience = new CancellationTokenSource(LatePatience);
        try
        {
            while (await connection.ReceiveAsync(patience.Token) is { } frame)
            {
                frame.Dispose();
                _cluster.Refuse();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or System.Net.Sockets.SocketException)
        {
            // It is gone.
        }
        await connection.DisposeAsync();
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
            Fail(e);
        }
    }

    private static JobException ReasonOf(string worker, Frame received)
    {
        using var frame = received;
        var failed = frame.Header<FailedHeader>();
        return WorkerLostException.Of(worker, failed.Error, (ExitCode)failed.ExitCode);
    }

    private void LoseUnlessEnded(string worker, string what)
    {
        if (!_ended.IsCancellationRequested)
            Lose(new WorkerLostException(worker, what));
    }
}
