using System.Buffers;
using System.Net;
using DistMtl.Aggregation;
using DistMtl.Learning;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// A worker's part in one job, over one connection: takes the plan, loads its shards, then answers each call to work with
/// gradients or predictions, until the coordinator closes the connection. One task receives, another one works, so that
/// what the next step needs arrives while the present one computes.
/// </summary>
internal sealed class JobSession : IAsyncDisposable
{
    private readonly TensorConnection _connection;
    private readonly string _job;
    private readonly TransportSettings _settings;
    private readonly string _worker;
    private readonly ShardStore _store;
    private readonly Dictionary<int, ServerHost> _hosts = [];
    private readonly Dictionary<int, Dictionary<string, float[]>> _restoring = [];
    private readonly TorchThread _thread = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ShardTrainer? _trainer;
    private ServerClient? _client;
    private WorkHeader? _work;
    private WeightsHeader? _weights;
    private HeldStep? _held;
    private TraceRecorder? _trace;
    private Task<StepBatch> _next = Task.FromException<StepBatch>(new InvalidOperationException("there is no plan yet"));

    private JobSession(TensorConnection connection, string job, string worker, TransportSettings settings, ShardStore store) =>
        (_connection, _job, _worker, _settings, _store) = (connection, job, worker, settings, store);

    public static async Task RunAsync(
        string job, string worker, string host, int port, TransportSettings transport, ShardStore store, CancellationToken cancellation)
    {
        await using var connection = await TensorConnection.ConnectAsync(host, port, transport, cancellation);
        await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, job, worker), default, cancellation);
        await using var session = new JobSession(connection, job, worker, transport, store);
        try
        {
            await session.ServeAsync(cancellation);
        }
        catch (Exception e) when (e is FrameException or not (IOException or OperationCanceledException))
        {
            // The connection still stands: what is wrong is told on it, or the coordinator would see only its end.
            await connection.SendAsync(FrameKind.Failed, Describe(e), default, cancellation);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What is being made or sent when the session ends is of no more interest, nor is its failure.
        await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_client is { } client)
            await client.DisposeAsync();
        foreach (var host in _hosts.Values)
            await host.DisposeAsync();
        if (_trainer is { } trainer)
            await _thread.RunAsync(() => { trainer.Dispose(); return true; }, CancellationToken.None);
        await _thread.DisposeAsync();
        _trace?.Dispose();
        _changed.Dispose();
    }

    private static FailedHeader Describe(Exception e) => e is JobException job
        ? new FailedHeader(job.Message, (int)job.ExitCode)
        : new FailedHeader($"{e.GetType().Name}: {e.Message}", (int)ExitCode.Failure);

    private async Task ServeAsync(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var (receiving, working) = (ReceiveAsync(ended.Token), WorkAsync(ended.Token));
        var first = await Task.WhenAny(receiving, working, _ended.Task);
        await ended.CancelAsync();
        await Task.WhenAll(receiving, working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary>The session ends when this does, for its reason.</summary>
    private void End(Task on) => on.ContinueWith(
        ended => _ended.TrySetException(ended.Exception!.InnerExceptions), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private async Task HostAsync(Frame frame, CancellationToken cancellation)
    {
        var server = frame.Header<HostHeader>().Server;
        var host = await ServerHost.StartAsync(_job, frame, BindAddress, _settings, _connection, cancellation);
        _hosts.Add(server, host);
        End(FailAsync(host));

        static async Task FailAsync(ServerHost host) => throw await host.Failed;
    }

    /// <summary>An address is listened on as it is; a name that others reach this worker by, on all addresses.</summary>
    private IPAddress BindAddress => IPAddress.TryParse(_worker.AsSpan(0, _worker.LastIndexOf(':')), out var address) ? address : IPAddress.Any;

    private ServerHost HostOf(Frame frame) => _hosts.TryGetValue(ServerHost.IndexOf(frame), out var host)
        ? host
        : throw new FrameException($"a {frame.Kind} frame for parameter server {ServerHost.IndexOf(frame)}, which is not here");

    private async Task ReceiveAsync(CancellationToken cancellation)
    {
        while (await _connection.ReceiveAsync(cancellation) is { } received)
        {
            using var frame = received;
            switch (frame.Kind)
            {
                case FrameKind.Plan:
                    await PlanAsync(JobPlan.Read(frame), cancellation);
                    break;
                case FrameKind.Host:
                    await HostAsync(frame, cancellation);
                    break;
                case FrameKind.FetchShards when _trainer is { } trainer:
                    await SendShardStatesAsync(trainer, cancellation);
                    break;
                case FrameKind.ShardState when _trainer is not null:
                    TakeShardState(frame);
                    break;
                case FrameKind.ShardStateEnd when _trainer is { } trainer:
                    RestoreShards(trainer, frame.Header<ShardStateEndHeader>().Step);
                    break;
                case var kind when ServerHost.Kinds.Contains(kind):
                    await HostOf(frame).OnFrameAsync(frame, cancellation);
                    break;
                case FrameKind.Slice when _client is { } client:
                    client.OnSlice(frame);
                    break;
                case FrameKind.Rows when _client is { } client:
                    client.OnRows(frame);
                    break;
                case FrameKind.FetchTrace when _trainer is { } trainer:
                    await SendTraceAsync(trainer, cancellation);
                    break;
                case FrameKind.Weights when _trainer is not null:
                    _weights = frame.Header<WeightsHeader>();
                    break;
                case FrameKind.Work when _trainer is not null:
                    _work = frame.Header<WorkHeader>();
                    break;
                default:
                    throw new FrameException($"an unexpected {frame.Kind} frame");
            }
            _changed.Release();
        }
    }

    /// <summary>Between two steps: nothing changes meanwhile.</summary>
    private async Task SendShardStatesAsync(ShardTrainer trainer, CancellationToken cancellation)
    {
        foreach (var shard in trainer.Shards)
        {
            foreach (var (vector, values) in trainer.StateOf(shard))
            {
                using var payload = TensorBuffer.Borrow(values, values.Length);
                await _connection.SendAsync(FrameKind.ShardState, new ShardStateHeader(trainer.Generation, shard, vector), payload.Bytes, cancellation);
            }
        }
        await _connection.SendAsync(FrameKind.ShardStateEnd, new ShardStateEndHeader(trainer.Generation, 0), default, cancellation);
    }

    private async Task SendTraceAsync(ShardTrainer trainer, CancellationToken cancellation)
    {
        var (events, dropped) = _trace?.Take() ?? ([], 0);
        await _connection.SendAsync(FrameKind.TraceEvents, new TraceEventsHeader(trainer.Generation, dropped), TraceEvent.Write(events), cancellation);
    }

    private void TakeShardState(Frame frame)
    {
        var header = frame.Header<ShardStateHeader>();
        if (!_restoring.TryGetValue(header.Shard, out var vectors))
            _restoring[header.Shard] = vectors = [];
        vectors[header.Vector] = frame.Payload.Numbers.ToArray();
    }

    private void RestoreShards(ShardTrainer trainer, int step)
    {
        foreach (var (shard, vectors) in _restoring)
            trainer.Restore(shard, step, vectors);
        _restoring.Clear();
    }

    private async Task PlanAsync(JobPlan plan, CancellationToken cancellation)
    {
        _trace = plan.Header.Trace ? new TraceRecorder(TraceRecorder.DefaultCapacity, TraceSource.Worker, TraceSource.Server) : null;
        var trainer = await _thread.RunAsync(() => ShardTrainer.Create(plan, _worker, _store, cancellation), cancellation);
        _trainer = trainer;
        var client = _client = await ServerClient.ConnectAsync(plan, trainer.Shape, trainer.Layout.Length, _job, _worker, _settings, _connection, cancellation);
        End(client.ReceiveAsync(() => _changed.Release(), cancellation));
        var first = await PrepareAsync(plan.Header.FirstStep, cancellation);
        _next = Task.FromResult(first);
        await _connection.SendAsync(FrameKind.Ready, trainer.Ready(first), default, cancellation);
    }

    /// <summary>Makes the micro-batches of a step and asks for their rows.</summary>
    private async Task<StepBatch> PrepareAsync(int version, CancellationToken cancellation)
    {
        using var span = TraceSource.Worker.Begin("prefetch", "prefetch", version);
        var batch = await Task.Run(() => _trainer!.Batches.Make(version), cancellation);
        await _client!.RequestAsync(batch, cancellation);
        return batch;
    }

    private async Task WorkAsync(CancellationToken cancellation)
    {
        var waiting = TraceSource.Worker.Begin("wait", "steps");
        while (true)
        {
            await _changed.WaitAsync(cancellation);
            if (Interlocked.Exchange(ref _weights, null) is { } weights)
                await SendRowsAsync(weights, cancellation);
            if (_work is not { } work || _trainer is not { } trainer || _client is not { } client || !client.HasParameters(work.Version))
                continue;
            if (work.Generation != trainer.Generation)
            {
                _work = null;
                continue;
            }
            if (work.Kind != WorkKind.Train)
            {
                _work = null;
                await PredictAsync(work, trainer, client, cancellation);
                continue;
            }
            var batch = await _next;
            // Others were faster with what this worker owed: it goes on with what is due.
            if (batch.Version < work.Version && trainer.Plan.Header.Twice is not null)
                _next = Task.FromResult(batch = await PrepareAsync(work.Version, cancellation));
            if (!client.HasRows(batch))
                continue;
            _work = null;
            waiting?.Dispose();
            await TrainAsync(work, batch, trainer, client, cancellation);
            waiting = TraceSource.Worker.Begin("wait", "steps", work.Version + 1);
        }
    }

    private async Task TrainAsync(WorkHeader work, StepBatch batch, ShardTrainer trainer, ServerClient client, CancellationToken cancellation)
    {
        if (batch.Version != work.Version)
            throw new FrameException($"work on version {work.Version} where {batch.Version} is due");
        using var span = TraceSource.Worker.Begin("train", "steps", work.Version);
        FaultPlan.Own.At(FaultPhase.Committed, work.Version);
        var rows = batch.Nodes.Select(node => client.TakeRows(node.Node)).ToArray();
        var next = _next = PrepareAsync(work.Version + 1, cancellation);
        FaultPlan.Own.At(FaultPhase.Before, work.Version + 1);
        trainer.Begin(work);
        var (sending, held) = (new List<Task>(), new List<(NodeBatch, HeldRows)>());
        for (var i = 0; i < batch.Nodes.Count; i++)
        {
            var (node, place) = (batch.Nodes[i], i);
            if (IsOvertaken(work))
            {
                ArrayPool<float>.Shared.Return(rows[place].Values);
                continue;
            }
            NodeSum computed;
            try
            {
                computed = await _thread.RunAsync(
                    () =>
                    {
                        // Each hop to the thread costs as much as loading does.
                        if (place == 0)
                            trainer.Load(client.Parameters_P);
                        return Train(trainer, work, node, client.Parameters_P, rows[place].Values.AsMemory(0, rows[place].Length));
                    },
                    cancellation);
            }
            catch (JobException) when (IsOvertaken(work))
            {
                // The next step's parameters had begun to come while these were loaded: nobody wants what that gave.
                continue;
            }
            finally
            {
                ArrayPool<float>.Shared.Return(rows[place].Values);
            }
            if (place == 0)
                FaultPlan.Own.At(FaultPhase.Computing, work.Version + 1);
            if (computed.Held is { } rowsOfNode)
                held.Add((node, rowsOfNode));
            sending.Add(SendAsync(work, node, computed, next, place, trainer, client, cancellation));
        }
        await Task.WhenAll(sending);
        FaultPlan.Own.At(FaultPhase.Sent, work.Version + 1);
        _held = held.Count > 0 ? new HeldStep(work.Version, held) : null;
    }

    /// <summary>Whether others have computed this worker's shards before it, so that the step is over.</summary>
    private bool IsOvertaken(WorkHeader work) => _work is { } due && (due.Version != work.Version || due.Kind != work.Kind);

    private static NodeSum Train(ShardTrainer trainer, WorkHeader work, NodeBatch node, float[] parameters_P, ReadOnlyMemory<float> rows)
    {
        var began = TimeProvider.System.GetTimestamp();
        var computed = trainer.Train(work, node, parameters_P, rows);
        FaultPlan.Own.Prolong(FaultPhase.Computing, work.Version + 1, TimeProvider.System.GetElapsedTime(began));
        return computed;
    }

    /// <summary>Combines the rows' gradients that were held for these weights, and sends them. They wait no longer than the coordinator does.</summary>
    private async Task SendRowsAsync(WeightsHeader weights, CancellationToken cancellation)
    {
        if (weights.Generation != _trainer!.Generation)
            return;
        if (_held is not { } held || held.Version != weights.Version)
            throw new FrameException($"weights of version {weights.Version}, of which no rows are held");
        _held = null;
        using var span = TraceSource.Worker.Begin("send rows", "send", weights.Version);
        var coefficients = CoefficientsOf(weights, _trainer.Shape.Gradient.Tasks);
        foreach (var (node, rows) in held.Nodes)
        {
            var sum = await Task.Run(() => rows.Combine(coefficients), cancellation);
            await _client!.SendRowsAsync(weights.Version, node, sum.Gradients.AsMemory(0, _trainer.Shape.Tables.GradientsLength(sum.Rows)), isFollowed: false, cancellation);
            ArrayPool<float>.Shared.Return(sum.Gradients);
        }
    }

    /// <exception cref="FrameException">They are not of so many tasks.</exception>
    private static TaskCoefficients CoefficientsOf(WeightsHeader weights, int tasks) =>
        weights.Weights_T?.Length == tasks && weights.Labels_T?.Length == tasks && (weights.OwnWeights_T?.Length ?? tasks) == tasks
            ? new TaskCoefficients(weights.Weights_T, weights.Labels_T, weights.OwnWeights_T)
            : throw new FrameException($"weights that are not of {tasks} tasks");

    private async Task SendAsync(
        WorkHeader work, NodeBatch node, NodeSum computed, Task<StepBatch> next, int place, ShardTrainer trainer, ServerClient client, CancellationToken cancellation)
    {
        var sum = computed.Sum;
        await client.SendAsync(work, node, sum, trainer.Compressors.GetValueOrDefault(node.Shards[0].Shard), isFollowed: next.IsCompleted, cancellation);
        trainer.Release(sum);
        var totals = sum.Totals with { NextLabels_T = (await next).Nodes[place].Labels_T };
        await _connection.SendAsync(
            FrameKind.Sum,
            new SumHeader(
                work.Generation, work.Version, node.Node.Level, node.Node.Index, totals.LossSums_T, totals.Labels_T, totals.NextLabels_T,
                [.. node.Shards.Select(shard => shard.Rows)], totals.NotFinite, computed.Kept),
            default, cancellation);
    }

    private async Task PredictAsync(WorkHeader work, ShardTrainer trainer, ServerClient client, CancellationToken cancellation)
    {
        await _thread.RunAsync(() => { trainer.Load(client.Parameters_P); return true; }, cancellation);
        foreach (var shard in trainer.Shards)
        {
            using var predictions = new ShardPredictions(trainer, work, shard);
            foreach (var start in predictions.Starts)
            {
                var (rows, touched) = predictions.Chunk(start);
                var values = touched.Count == 0 ? default : await client.PullAsync(work.Version, touched, cancellation);
                await _thread.RunAsync(() => { predictions.Fill(start, rows, new PulledRows(touched, values)); return true; }, cancellation);
            }
            await _connection.SendAsync(FrameKind.Predictions, predictions.Header, predictions.Buffer.Bytes, cancellation);
        }
    }

    /// <summary>Gradients of table rows, subtree by subtree, which wait for the tasks' weights.</summary>
    private sealed record HeldStep(int Version, IReadOnlyList<(NodeBatch Node, HeldRows Rows)> Nodes);
}
