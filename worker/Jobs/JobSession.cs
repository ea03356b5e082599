using DistMtl.Aggregation;
using DistMtl.Learning;
using DistMtl.Protocol;
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
    private readonly string _worker;
    private readonly TorchThread _thread = new();
    private readonly SemaphoreSlim _changed = new(0);
    private ShardTrainer? _trainer;
    private ServerClient? _client;
    private WorkHeader? _work;
    private Task<StepBatch> _next = Task.FromException<StepBatch>(new InvalidOperationException("there is no plan yet"));

    private JobSession(TensorConnection connection, string worker) => (_connection, _worker) = (connection, worker);

    public static async Task RunAsync(string job, string worker, string host, int port, TransportSettings transport, CancellationToken cancellation)
    {
        await using var connection = await TensorConnection.ConnectAsync(host, port, transport, cancellation);
        await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, job, worker), default, cancellation);
        try
        {
            await using var session = new JobSession(connection, worker);
            await session.ServeAsync(cancellation);
        }
        catch (Exception e) when (e is not (IOException or OperationCanceledException or TimeoutException))
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
        if (_trainer is { } trainer)
            await _thread.RunAsync(() => { trainer.Dispose(); return true; }, CancellationToken.None);
        await _thread.DisposeAsync();
        _changed.Dispose();
    }

    private static FailedHeader Describe(Exception e) => e is JobException job
        ? new FailedHeader(job.Message, (int)job.ExitCode)
        : new FailedHeader($"{e.GetType().Name}: {e.Message}", (int)ExitCode.Failure);

    private async Task ServeAsync(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var (receiving, working) = (ReceiveAsync(ended.Token), WorkAsync(ended.Token));
        var first = await Task.WhenAny(receiving, working);
        await ended.CancelAsync();
        await Task.WhenAll(receiving, working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

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
                case FrameKind.Slice when _client is { } client:
                    client.OnSlice(frame);
                    break;
                case FrameKind.Rows when _client is { } client:
                    client.OnRows(frame);
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

    private async Task PlanAsync(JobPlan plan, CancellationToken cancellation)
    {
        var trainer = await _thread.RunAsync(() => ShardTrainer.Create(plan, _worker, cancellation), cancellation);
        _trainer = trainer;
        _client = new ServerClient(
            plan.Header.Generation, [.. Enumerable.Repeat(_connection, plan.Job.Training.ParameterServers.Count)],
            ParameterSlices.Of(trainer.Layout), trainer.Shape, trainer.Tables, trainer.Layout.Length);
        var first = await PrepareAsync(plan.Header.FirstStep, cancellation);
        _next = Task.FromResult(first);
        await _connection.SendAsync(FrameKind.Ready, trainer.Ready(first), default, cancellation);
    }

    /// <summary>Makes the micro-batches of a step and asks for their rows.</summary>
    private async Task<StepBatch> PrepareAsync(int version, CancellationToken cancellation)
    {
        var batch = await Task.Run(() => _trainer!.Batches.Make(version), cancellation);
        await _client!.RequestAsync(batch, cancellation);
        return batch;
    }

    private async Task WorkAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _changed.WaitAsync(cancellation);
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
            if (!client.HasRows(batch))
                continue;
            _work = null;
            await TrainAsync(work, batch, trainer, client, cancellation);
        }
    }

    private async Task TrainAsync(WorkHeader work, StepBatch batch, ShardTrainer trainer, ServerClient client, CancellationToken cancellation)
    {
        if (batch.Version != work.Version)
            throw new FrameException($"work on version {work.Version} where {batch.Version} is due");
        var values = batch.Nodes.Select(node => client.Rows(node.Node)).ToArray();
        var next = _next = PrepareAsync(work.Version + 1, cancellation);
        await _thread.RunAsync(() => { trainer.Load(client.Parameters_P); return true; }, cancellation);
        var sending = new List<Task>();
        for (var i = 0; i < batch.Nodes.Count; i++)
        {
            var (node, place) = (batch.Nodes[i], i);
            var sum = await _thread.RunAsync(() => trainer.Train(work, node, values[place]), cancellation);
            sending.Add(SendAsync(work, node, sum, next, place, client, cancellation));
        }
        await Task.WhenAll(sending);
    }

    private async Task SendAsync(
        WorkHeader work, NodeBatch node, PartialSum sum, Task<StepBatch> next, int place, ServerClient client, CancellationToken cancellation)
    {
        await client.SendAsync(work.Version, node, sum, cancellation);
        System.Buffers.ArrayPool<float>.Shared.Return(sum.Gradients);
        var totals = sum.Totals with { NextLabels_T = (await next).Nodes[place].Labels_T };
        await _connection.SendAsync(
            FrameKind.Sum,
            new SumHeader(
                work.Generation, work.Version, node.Node.Level, node.Node.Index, totals.LossSums_T, totals.Labels_T, totals.NextLabels_T,
                [.. node.Shards.Select(shard => shard.Rows.Count)]),
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
}
