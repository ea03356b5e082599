using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>
/// One parameter server: the slices and the table rows it owns. Gradients are added up as they arrive, on the threads that
/// receive them; an update goes slice by slice, and each is sent as soon as it is made.
/// </summary>
public sealed class ParameterServer : IParameterServer
{
    private readonly ServerShape _shape;
    private readonly int _index;
    private readonly ServerState _state;
    private readonly IWorkerLinks _workers;
    private readonly ImmutableArray<ParameterSlice> _owned;
    private readonly SliceGramian _gramian;
    private readonly SliceUpdate _update;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Worker, TreeNode Node), (int Version, RowLists Rows)> _pulls = [];
    private StepSums _sums;
    private Task _sending = Task.CompletedTask;
    private int _rowsVersion;
    private long _late;

    /// <param name="index">Which of the shape's servers this is.</param>
    /// <param name="version">Updates that the state has seen.</param>
    public ParameterServer(ServerShape shape, int index, int version, ServerState state, IWorkerLinks workers)
    {
        (_shape, _index, _state, _workers) = (shape, index, state, workers);
        _owned = [.. shape.OwnedBy(index)];
        _gramian = new SliceGramian(shape.Slices, shape.Gradient, state.Optimizer.Segments);
        _update = new SliceUpdate(shape.Slices, shape.Gradient, state.Optimizer);
        _sums = new StepSums(shape, _owned, version);
        // Nothing is given out before the first Publish.
        _rowsVersion = version - 1;
    }

    /// <summary>Updates that the parameters have seen.</summary>
    public int Version => _sums.Version;

    public ServerState State => _state;

    /// <summary>Frames that were dropped because they were of another version or generation.</summary>
    public long LateFrames => Interlocked.Read(ref _late);

    /// <summary>Waits for all gradients of the step and measures them.</summary>
    /// <exception cref="TimeoutException">They are not all here; the message names the shards.</exception>
    /// <exception cref="JobException">A worker is lost, to which the last update was still being sent.</exception>
    public async Task<StepReport> ReportAsync(TimeSpan deadline, CancellationToken cancellation)
    {
        await _sending;
        var sums = _sums;
        try
        {
            await sums.Complete.WaitAsync(deadline, cancellation);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"parameter server {_index} lacks gradients of shards {string.Join(", ", sums.MissingShards)}");
        }
        return Measure(sums);
    }

    /// <summary>
    /// Lets a weighting that works on the gradients themselves rewrite them: a whole buffer as <see cref="GradientShape"/>
    /// lays it out, which only a server that owns all slices has.
    /// </summary>
    public StepReport Rewrite(Action<float[]> rewrite)
    {
        if (_owned.Length != _shape.Slices.Count)
            throw new InvalidOperationException("gradients can be rewritten only where one server has all of them");
        var gradients = new float[_shape.Gradient.Length];
        foreach (var slice in _owned)
            _sums.CopyTo(slice.Index, gradients);
        rewrite(gradients);
        foreach (var slice in _owned)
            _sums.Replace(slice.Index, gradients);
        return Measure(_sums);
    }

    /// <summary>
    /// Makes the update of the step that was reported, and sends what is new slice by slice. Returns when the update is made:
    /// a worker that can't be sent to shows in the next call, so that a step is made whole or not at all.
    /// </summary>
    public async Task UpdateAsync(UpdateOrder order, CancellationToken cancellation)
    {
        var sums = _sums;
        if (order.Version != sums.Version || !sums.Complete.IsCompleted)
            throw new InvalidOperationException($"an update of version {order.Version} where {sums.Version} is being added up");
        var coefficients = order.Weights_T is null ? null : new TaskCoefficients(order.Weights_T, order.Counts_T, order.OwnWeights_T);
        var version = order.Version + 1;
        _state.BeginStep(version, order.RateFactor);
        // Before anything is sent: the answer to the first slice may be here before the last is gone.
        var waiting = Begin(version);
        var rows = Task.Run(() => UpdateRows(sums, coefficients, order, waiting), CancellationToken.None);
        var slices = UpdateSlices(sums, coefficients, order, cancellation);
        await rows;
        _sending = Task.WhenAll([slices, .. waiting.Select(pull => SendRowsAsync(pull, version, cancellation))]);
    }

    /// <summary>Sends what there is to all workers: at the start, and when a worker has come anew.</summary>
    public async Task PublishAsync(CancellationToken cancellation)
    {
        List<WaitingPull> due;
        lock (_gate)
        {
            _rowsVersion = Version;
            due = TakePulls(Version);
        }
        foreach (var slice in _owned)
            await SendSliceAsync(slice, Version, cancellation);
        foreach (var pull in due)
            await SendRowsAsync(pull, Version, cancellation);
    }

    /// <summary>The coordinator's copy is the server's own.</summary>
    public Task FetchAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>A frame from a worker.</summary>
    /// <exception cref="FrameException">It makes no sense here.</exception>
    public async Task OnFrameAsync(string worker, Frame frame, CancellationToken cancellation)
    {
        switch (frame.Kind)
        {
            case FrameKind.Pull:
                await PullAsync(worker, frame, cancellation);
                break;
            case FrameKind.Gradient:
                OnGradient(frame);
                break;
            case FrameKind.RowGradients:
                OnRowGradients(frame);
                break;
            default:
                throw new FrameException($"a parameter server got a {frame.Kind} frame");
        }
    }

    private StepReport Measure(StepSums sums)
    {
        var products = new GradientProducts[_owned.Length];
        SliceThreads.ForEach(_owned.Length, i => products[i] = _gramian.Compute(_owned[i].Index, sums.Slice(_owned[i].Index)));
        return new StepReport(
            sums.Version,
            [.. _owned.Select((slice, i) => new SliceProducts(slice.Index, products[i]))],
            sums.Rows is { } rows ? RowProducts.Of(_shape.Tables, rows, _state.FrozenTables) : []);
    }

    /// <returns>The sending.</returns>
    private Task UpdateSlices(StepSums sums, TaskCoefficients? coefficients, UpdateOrder order, CancellationToken cancellation)
    {
        var sending = new Task[_owned.Length];
        SliceThreads.ForEach(_owned.Length, i =>
        {
            var slice = _owned[i];
            _update.Apply(slice.Index, sums.Slice(slice.Index), coefficients, (float)order.ClipFactor, _state.Parameters_P);
            sums.Release(slice.Index);
            sending[i] = SendSliceAsync(slice, order.Version + 1, cancellation);
        });
        return Task.WhenAll(sending);
    }

    /// <param name="waiting">Pulls of the new version; those that came meanwhile are added.</param>
    private void UpdateRows(StepSums sums, TaskCoefficients? coefficients, UpdateOrder order, List<WaitingPull> waiting)
    {
        lock (_gate)
        {
            if (sums.Rows is { } rows)
            {
                RowUpdate.Apply(_shape.Tables, _state.Tables, rows, coefficients, order);
                sums.ReleaseRows();
            }
            _rowsVersion = order.Version + 1;
            waiting.AddRange(TakePulls(_rowsVersion));
        }
    }

    /// <summary>The values of these rows now.</summary>
    private void Read(RowLists rows, Span<float> values)
    {
        lock (_gate)
        {
            for (var i = 0; i < _state.Tables.Length; i++)
            {
                var list = rows.Lists[_shape.Tables.Tables[i].RowList];
                var length = list.Length * _shape.Tables.Tables[i].Dim;
                _state.Tables[i].Read(list, values[..length]);
                values = values[length..];
            }
        }
    }

    private async Task PullAsync(string worker, Frame frame, CancellationToken cancellation)
    {
        var header = frame.Header<PullHeader>();
        if (header.Generation != _shape.Generation)
        {
            Interlocked.Increment(ref _late);
            return;
        }
        var pull = new WaitingPull(worker, new TreeNode(header.Level, header.Index), RowsOf(header, frame.Payload.GetSpan()));
        lock (_gate)
        {
            if (header.Level != PullHeader.Prediction)
            {
                if (header.Version < Version)
                {
                    Interlocked.Increment(ref _late);
                    return;
                }
                if (header.Version == Version)
                    _sums.Expect(pull.Node, pull.Rows);
                if (header.Version != _rowsVersion)
                {
                    _pulls[(worker, pull.Node)] = (header.Version, pull.Rows);
                    return;
                }
            }
        }
        await SendRowsAsync(pull, header.Version, cancellation);
    }

    private RowLists RowsOf(PullHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Counts?.Length != _shape.Tables.Lists || header.Counts.Any(count => count < 0) || payload.Length != header.Counts.Sum(count => (long)count) * sizeof(int))
            throw new FrameException($"a pull of {payload.Length} bytes whose counts are [{string.Join(", ", header.Counts ?? [])}]");
        var lists = ImmutableArray.CreateBuilder<int[]>(header.Counts.Length);
        foreach (var count in header.Counts)
        {
            lists.Add(MemoryMarshal.Cast<byte, int>(payload[..(count * sizeof(int))]).ToArray());
            payload = payload[(count * sizeof(int))..];
        }
        foreach (var table in _shape.Tables.Tables)
        {
            var list = lists[table.RowList];
            for (var i = 0; i < list.Length; i++)
            {
                if (list[i] < 0 || list[i] >= table.Rows || i > 0 && list[i] <= list[i - 1])
                    throw new FrameException($"a pull of row {list[i]} of table '{table.Name}', which has {table.Rows}; rows must ascend");
                if (RowPartition.ServerOf(list[i], _shape.Servers) != _index)
                    throw new FrameException($"a pull of row {list[i]} of table '{table.Name}', which another parameter server than {_index} has");
            }
        }
        return new RowLists(lists.MoveToImmutable());
    }

    private void OnGradient(Frame frame)
    {
        var header = frame.Header<GradientHeader>();
        var sums = _sums;
        if (header.Generation != _shape.Generation || header.Version != sums.Version)
        {
            Interlocked.Increment(ref _late);
            return;
        }
        if (header.Slice < 0 || header.Slice >= _shape.Slices.Count || frame.Payload.ByteCount != (long)_shape.Slices.GradientLength(_shape.Gradient, header.Slice) * sizeof(float))
            throw new FrameException($"{frame.Payload.ByteCount} bytes are no gradient of slice {header.Slice}");
        sums.Add(header.Slice, new TreeNode(header.Level, header.Index), frame.Payload.Detach());
    }

    private void OnRowGradients(Frame frame)
    {
        var header = frame.Header<RowGradientHeader>();
        var sums = _sums;
        if (header.Generation != _shape.Generation || header.Version != sums.Version)
        {
            Interlocked.Increment(ref _late);
            return;
        }
        var (length, rest) = Math.DivRem(frame.Payload.ByteCount, sizeof(float));
        if (rest != 0)
            throw new FrameException($"{frame.Payload.ByteCount} bytes are no gradients of table rows");
        sums.AddRows(new TreeNode(header.Level, header.Index), frame.Payload.Detach(), length);
    }

    /// <summary>From now on gradients of this version are taken; pulls that were early are its rows.</summary>
    /// <returns>These pulls.</returns>
    private List<WaitingPull> Begin(int version)
    {
        lock (_gate)
        {
            var sums = new StepSums(_shape, _owned, version);
            var due = TakePulls(version);
            foreach (var pull in due)
                sums.Expect(pull.Node, pull.Rows);
            _sums = sums;
            return due;
        }
    }

    private List<WaitingPull> TakePulls(int version)
    {
        var due = _pulls.Where(pull => pull.Value.Version == version).Select(pull => new WaitingPull(pull.Key.Worker, pull.Key.Node, pull.Value.Rows)).ToList();
        foreach (var pull in due)
            _pulls.Remove((pull.Worker, pull.Node));
        return due;
    }

    private async Task SendRowsAsync(WaitingPull pull, int version, CancellationToken cancellation)
    {
        using var values = TensorBuffer.Rent((long)_shape.Tables.ValuesLength(pull.Rows) * sizeof(float));
        Read(pull.Rows, values.Numbers);
        await _workers.SendAsync(
            pull.Worker, FrameKind.Rows, new RowsHeader(_shape.Generation, version, _index, pull.Node.Level, pull.Node.Index), values.Bytes, cancellation);
    }

    private async Task SendSliceAsync(ParameterSlice slice, int version, CancellationToken cancellation)
    {
        using var whole = TensorBuffer.Borrow(_state.Parameters_P, _state.Parameters_P.Length);
        var bytes = whole.Bytes.Slice(slice.Offset * sizeof(float), slice.Length * sizeof(float));
        await Task.WhenAll(_workers.All.Select(worker => _workers.SendAsync(worker, FrameKind.Slice, new SliceHeader(_shape.Generation, version, slice.Index), bytes, cancellation)));
    }

    private sealed record WaitingPull(string Worker, TreeNode Node, RowLists Rows);
}
