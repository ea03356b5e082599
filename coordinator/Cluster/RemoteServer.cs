using System.Collections.Concurrent;
using System.Threading.Channels;
using DistMtl.Aggregation.Tables;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Cluster;

/// <summary>A parameter server that a worker hosts, spoken to over the worker's connection.</summary>
/// <param name="index">Which of the shape's servers it is.</param>
internal sealed class RemoteServer(ServerShape shape, int index, string worker, WorkerFleet fleet) : IParameterServer
{
    /// <summary>For state to be sent; gradients have the job's own deadline.</summary>
    private static readonly TimeSpan StateDeadline = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan HostDeadline = TimeSpan.FromSeconds(30);

    private readonly Channel<int> _ports = Channel.CreateUnbounded<int>();
    private readonly ConcurrentDictionary<int, Channel<StepReport>> _reports = new();
    private readonly Channel<int> _fetched = Channel.CreateUnbounded<int>();

    public static IReadOnlyList<FrameKind> Kinds { get; } = [FrameKind.Hosting, FrameKind.Report, FrameKind.State, FrameKind.StateEnd, FrameKind.TableRows];

    private readonly Dictionary<int, TableRows> _changes = [];
    private ServerState? _copy;

    private string Name => $"parameter server {index} on worker {worker}";

    /// <summary>Makes the worker its host.</summary>
    /// <returns>Where it listens, HOST:PORT.</returns>
    public async Task<string> HostAsync(string jobYaml, ReadOnlyMemory<byte> schema, IReadOnlyList<LaneMembers> lanes, CancellationToken cancellation)
    {
        var header = new HostHeader(
            shape.Generation, jobYaml, index, shape.Gradient.IsPerTask, [.. lanes.Select(lane => lane.Worker)], [.. lanes.Select(lane => lane.Shards.Order().ToArray())]);
        await SendAsync(FrameKind.Host, header, schema, cancellation);
        var port = await ReadAsync(_ports, HostDeadline, "did not start", cancellation);
        return $"{worker[..worker.LastIndexOf(':')]}:{port}";
    }

    /// <param name="state">What it begins with; from now on the coordinator's copy, brought up to date by <see cref="FetchAsync"/>.</param>
    public async Task InstallAsync(ServerState state, int version, CancellationToken cancellation)
    {
        _copy = state;
        foreach (var (vector, values_P) in state.Vectors)
        {
            foreach (var slice in shape.OwnedBy(index))
            {
                using var whole = TensorBuffer.Borrow(values_P, values_P.Length);
                await SendAsync(
                    FrameKind.State, new StateHeader(shape.Generation, index, vector, slice.Index),
                    whole.Bytes.Slice(slice.Offset * sizeof(float), slice.Length * sizeof(float)), cancellation);
            }
        }
        for (var table = 0; table < state.Tables.Length; table++)
        {
            var (header, payload) = TableRowsFrame.Write(shape, index, table, state.Tables[table].Snapshot());
            using (payload)
                await SendAsync(FrameKind.TableRows, header, payload.Bytes, cancellation);
        }
        lock (_changes)
            _changes.Clear();
        await SendAsync(FrameKind.StateEnd, new StateEndHeader(shape.Generation, index, version, state.Optimizer.Steps), default, cancellation);
    }

    public Task<StepReport> ReportAsync(int lane, TimeSpan deadline, CancellationToken cancellation) =>
        ReadReportAsync(lane, "the step's gradients", deadline, cancellation);

    /// <summary>The step's second report, which the server sends by itself.</summary>
    public Task<StepReport> ReportRowsAsync(int lane, TimeSpan deadline, CancellationToken cancellation) =>
        ReadReportAsync(lane, "the gradients of the step's table rows", deadline, cancellation);

    private async Task<StepReport> ReadReportAsync(int lane, string of, TimeSpan deadline, CancellationToken cancellation)
    {
        try
        {
            return await ReportsOf(lane).Reader.ReadAsync(cancellation).AsTask().WaitAsync(deadline, cancellation);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} has not reported {of}");
        }
    }

    public Task UpdateAsync(UpdateOrder order, CancellationToken cancellation) => SendAsync(
        FrameKind.Update,
        new UpdateHeader(shape.Generation, index, order.Version, order.Weights_T, order.OwnWeights_T, order.Counts_T, order.RateFactor, order.ClipFactor,
            order.Lane, order.Update, order.IsSkipped),
        default, cancellation);

    public Task PublishAsync(int label, CancellationToken cancellation) =>
        SendAsync(FrameKind.Publish, new ServerOrderHeader(shape.Generation, index, label), default, cancellation);

    public async Task FetchAsync(CancellationToken cancellation)
    {
        await SendAsync(FrameKind.Fetch, new ServerOrderHeader(shape.Generation, index, 0), default, cancellation);
        await ReadAsync(_fetched, StateDeadline, "did not send its state", cancellation);
    }

    public IReadOnlyList<TableRows> TakeTableChanges()
    {
        lock (_changes)
        {
            TableRows[] changes = [.. shape.Tables.Tables.Select((table, i) => _changes.GetValueOrDefault(i) ?? new TableRows(table.Name, table.Dim, [], []))];
            _changes.Clear();
            return changes;
        }
    }

    /// <summary>A frame of <see cref="Kinds"/> for this server.</summary>
    /// <exception cref="FrameException">It makes no sense.</exception>
    public void OnFrame(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Hosting:
                _ports.Writer.TryWrite(frame.Header<HostingHeader>().Port);
                break;
            case FrameKind.Report:
                ReportsOf(frame.Header<ReportHeader>().Lane).Writer.TryWrite(ReportFrame.Read(shape, frame));
                break;
            case FrameKind.State:
                (_copy ?? throw new FrameException($"{Name} sent state that it was not asked for")).Take(shape, frame);
                break;
            case FrameKind.TableRows:
                TakeRows(frame);
                break;
            case FrameKind.StateEnd:
                TakeEnd(frame.Header<StateEndHeader>());
                break;
            default:
                throw new FrameException($"{Name} sent a {frame.Kind} frame");
        }
    }

    private Channel<StepReport> ReportsOf(int lane) => _reports.GetOrAdd(lane, _ => Channel.CreateUnbounded<StepReport>());

    private void TakeRows(Frame frame)
    {
        var (table, rows) = TableRowsFrame.Read(shape, frame);
        lock (_changes)
            _changes[table] = _changes.TryGetValue(table, out var earlier) ? earlier.Then(rows) : rows;
    }

    private void TakeEnd(StateEndHeader end)
    {
        _copy!.Restored(end.Updates);
        _fetched.Writer.TryWrite(end.Version);
    }

    private Task SendAsync<T>(FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        fleet.SendAsync(worker, kind, header, payload, cancellation);

    private async Task<T> ReadAsync<T>(Channel<T> channel, TimeSpan deadline, string what, CancellationToken cancellation)
    {
        try
        {
            using var wait = fleet.Wait($"the answer of {Name}", deadline, () => []);
            return await fleet.UnlessLostAsync(channel.Reader.ReadAsync(cancellation).AsTask()).WaitAsync(deadline, cancellation);
        }
        catch (TimeoutException)
        {
            throw new JobException($"{Name} {what} within {deadline.TotalSeconds:0} s", ExitCode.ClusterLost);
        }
    }
}
