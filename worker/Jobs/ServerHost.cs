using System.Collections.Concurrent;
using System.Net;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Models;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// A parameter server on this worker: takes its state and its orders from the coordinator, and its gradients from all
/// workers, which connect to a port of its own.
/// </summary>
internal sealed class ServerHost : IWorkerLinks, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TensorConnection> _connections = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TensorConnection _coordinator;
    private readonly TensorListener _listener;
    private readonly ServerShape _shape;
    private readonly ServerState _state;
    private readonly int _index;
    private readonly Task _accepting;
    private ParameterServer? _server;
    private readonly IReadOnlyList<LaneMembers> _lanes;
    private readonly Task[] _reporting;

    private ServerHost(string job, HostHeader header, ServerShape shape, ServerState state, TensorConnection coordinator, TensorListener listener)
    {
        (_index, _shape, _state, _coordinator, _listener) = (header.Server, shape, state, coordinator, listener);
        _lanes = [.. header.LaneWorkers.Zip(header.LaneShards, (worker, shards) => new LaneMembers(worker, [.. shards]))];
        _reporting = [.. _lanes.Select(_ => Task.CompletedTask)];
        _accepting = AcceptAsync(job);
    }

    public static IReadOnlyList<FrameKind> Kinds { get; } = [FrameKind.State, FrameKind.TableRows, FrameKind.StateEnd, FrameKind.Publish, FrameKind.Update, FrameKind.Fetch];

    public IReadOnlyList<string> All => [.. _connections.Keys.Order(StringComparer.Ordinal)];

    /// <summary>What ended it before its time.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Which server a frame of <see cref="Kinds"/> is for.</summary>
    public static int IndexOf(Frame frame) => frame.Kind switch
    {
        FrameKind.State => frame.Header<StateHeader>().Server,
        FrameKind.StateEnd => frame.Header<StateEndHeader>().Server,
        FrameKind.TableRows => frame.Header<TableRowsHeader>().Server,
        FrameKind.Update => frame.Header<UpdateHeader>().Server,
        _ => frame.Header<ServerOrderHeader>().Server,
    };

    /// <param name="bind">The address to listen on.</param>
    public static async Task<ServerHost> StartAsync(string job, Frame frame, IPAddress bind, TransportSettings transport, TensorConnection coordinator, CancellationToken cancellation)
    {
        var header = frame.Header<HostHeader>();
        var (settings, schema) = JobPlan.Read(header.JobYaml, frame.Payload);
        var blueprint = ModelBlueprint.Create(settings.Model, schema.ToModelInputs(settings.Embeddings));
        var shape = ServerShape.Of(settings, blueprint, header.Generation, header.PerTask);
        var state = ServerState.Create(settings, blueprint, new float[blueprint.Layout.Length]);
        var listener = TensorListener.Bind(bind, 0, transport);
        var host = new ServerHost(job, header, shape, state, coordinator, listener);
        await coordinator.SendAsync(FrameKind.Hosting, new HostingHeader(header.Generation, header.Server, listener.Port), default, cancellation);
        return host;
    }

    /// <summary>A frame of <see cref="Kinds"/> from the coordinator.</summary>
    public async Task OnFrameAsync(Frame frame, CancellationToken cancellation)
    {
        if (frame.Kind == FrameKind.State)
            _state.Take(_shape, frame);
        else if (frame.Kind == FrameKind.TableRows)
            Restore(frame);
        else if (frame.Kind == FrameKind.StateEnd)
            Begin(frame.Header<StateEndHeader>());
        else if (_server is not { } server)
            throw new FrameException($"{frame.Kind} for a parameter server that has no state yet");
        else if (frame.Kind == FrameKind.Publish)
        {
            await server.PublishAsync(frame.Header<ServerOrderHeader>().Version, cancellation);
            for (var lane = 0; lane < _lanes.Count; lane++)
            {
                if (_reporting[lane].IsCompletedSuccessfully)
                    _reporting[lane] = ReportAsync(server, lane);
            }
        }
        else if (frame.Kind == FrameKind.Update)
            await UpdateAsync(server, frame.Header<UpdateHeader>(), cancellation);
        else
            await SendStateAsync(server, cancellation);
    }

    public async Task SendAsync<T>(string worker, FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        try
        {
            await _connections[worker].SendAsync(kind, header, payload, cancellation);
        }
        catch (Exception e) when (e is IOException or TimeoutException or ObjectDisposedException)
        {
            throw new JobException($"worker {worker} took no data of parameter server {_index}: {e.Message}", ExitCode.ClusterLost, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Dispose();
        foreach (var connection in _connections.Values)
            await connection.DisposeAsync();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_reporting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
    }

    private void Restore(Frame frame)
    {
        var (table, rows) = TableRowsFrame.Read(_shape, frame);
        try
        {
            _state.Tables[table].Restore(rows);
        }
        catch (InvalidDataException e)
        {
            throw new FrameException(e.Message, e);
        }
    }

    private void Begin(StateEndHeader end)
    {
        _state.Restored(end.Updates);
        _server = new ParameterServer(_shape, _index, end.Version, _state, _lanes, this);
        Array.Fill(_reporting, Task.CompletedTask);
    }

    private async Task UpdateAsync(ParameterServer server, UpdateHeader header, CancellationToken cancellation)
    {
        // What it reports has been sent, or there would be no order; whatever went wrong in it is thrown here.
        await _reporting[header.Lane];
        await server.UpdateAsync(
            new UpdateOrder(header.Lane, header.Version, header.UpdateNumber, header.Weights_T, header.OwnWeights_T, header.Counts_T, header.RateFactor, header.ClipFactor)
            {
                IsSkipped = header.IsSkipped,
            },
            cancellation);
        _reporting[header.Lane] = ReportAsync(server, header.Lane);
    }

    private async Task ReportAsync(ParameterServer server, int lane)
    {
        // No deadline here: the coordinator may evaluate or wait for its user between two steps, and has one itself.
        await SendAsync(await server.ReportAsync(lane, Timeout.InfiniteTimeSpan, _ended.Token));
        if (_shape.HoldsRows)
            await SendAsync(await server.ReportRowsAsync(lane, Timeout.InfiniteTimeSpan, _ended.Token));

        async Task SendAsync(StepReport report)
        {
            var (header, payload) = ReportFrame.Write(_shape, _index, lane, report);
            await _coordinator.SendAsync(FrameKind.Report, header, payload, _ended.Token);
        }
    }

    private async Task SendStateAsync(ParameterServer server, CancellationToken cancellation)
    {
        foreach (var (vector, values_P) in _state.Vectors)
        {
            foreach (var slice in _shape.OwnedBy(_index))
            {
                using var whole = TensorBuffer.Borrow(values_P, values_P.Length);
                await _coordinator.SendAsync(
                    FrameKind.State, new StateHeader(_shape.Generation, _index, vector, slice.Index),
                    whole.Bytes.Slice(slice.Offset * sizeof(float), slice.Length * sizeof(float)), cancellation);
            }
        }
        var changes = server.TakeTableChanges();
        for (var table = 0; table < changes.Count; table++)
        {
            var (header, payload) = TableRowsFrame.Write(_shape, _index, table, changes[table]);
            using (payload)
                await _coordinator.SendAsync(FrameKind.TableRows, header, payload.Bytes, cancellation);
        }
        await _coordinator.SendAsync(FrameKind.StateEnd, new StateEndHeader(_shape.Generation, _index, 0, _state.Optimizer.Steps), default, cancellation);
    }

    private async Task AcceptAsync(string job)
    {
        var receiving = new List<Task>();
        try
        {
            while (true)
            {
                var (connection, hello) = await _listener.AcceptAsync(job, _ => { }, _ended.Token);
                if (!_connections.TryAdd(hello.Worker, connection))
                    await connection.DisposeAsync();
                else
                    receiving.Add(ReceiveAsync(hello.Worker, connection));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            // The job is over.
        }
        await Task.WhenAll(receiving);
    }

    private async Task ReceiveAsync(string worker, TensorConnection connection)
    {
        try
        {
            while (await connection.ReceiveAsync(_ended.Token) is { } received)
            {
                using var frame = received;
                if (_server is not { } server)
                    throw new FrameException($"{frame.Kind} before the parameter server has its state");
                await server.OnFrameAsync(worker, frame, _ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The job is over.
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or System.Net.Sockets.SocketException or JobException)
        {
            // A worker that is lost is the coordinator's business; damage is this server's.
            if (e is FrameException or JobException)
                _failed.TrySetResult(e);
        }
    }
}
