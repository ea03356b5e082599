using System.Buffers;
using System.Collections.Immutable;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Compression;
using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;
using DistMtl.Protocol.Tracing;
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
    private readonly GradientDecoder? _decoder;
    private readonly RowSender _rows;
    private readonly Lock _gate = new();
    private readonly ImmutableArray<Lane> _lanes;
    private Task _sending = Task.CompletedTask;
    private long _late;

    /// <param name="index">Which of the shape's servers this is.</param>
    /// <param name="version">Of the step that the workers begin with.</param>
    /// <param name="lanes">Who steps together.</param>
    public ParameterServer(ServerShape shape, int index, int version, ServerState state, IReadOnlyList<LaneMembers> lanes, IWorkerLinks workers)
    {
        (_shape, _index, _state, _workers) = (shape, index, state, workers);
        _owned = [.. shape.OwnedBy(index)];
        _gramian = new SliceGramian(shape.Slices, shape.Gradient, state.Optimizer.Segments);
        _update = new SliceUpdate(shape.Slices, shape.Gradient, state.Optimizer);
        _decoder = shape.Compression is { } plan ? new GradientDecoder(plan) : null;
        _rows = new RowSender(shape, index, state, workers);
        _lanes = [.. lanes.Select(members => new Lane(members, new StepSums(shape, _owned, members.Shards, version)))];
    }

    public ServerState State => _state;

    /// <summary>Frames that were dropped because they were of another version or generation.</summary>
    public long LateFrames => Interlocked.Read(ref _late);

    /// <summary>Waits for all gradients of the step, but for rows that the workers hold back, and measures them.</summary>
    /// <exception cref="TimeoutException">They are not all here; the message names the shards.</exception>
    /// <exception cref="JobException">A worker is lost, to which the last update was still being sent.</exception>
    public async Task<StepReport> ReportAsync(int lane, TimeSpan deadline, CancellationToken cancellation)
    {
        await _sending;
        var sums = _lanes[lane].Sums;
        await WaitAsync(sums.Complete, sums, deadline, cancellation);
        return Measure(sums);
    }

    /// <inheritdoc/>
    public async Task<StepReport> ReportRowsAsync(int lane, TimeSpan deadline, CancellationToken cancellation)
    {
        var sums = _lanes[lane].Sums;
        await WaitAsync(sums.RowsComplete, sums, deadline, cancellation);
        return new StepReport(sums.Version, [], _shape.IsClipped ? MeasureRows(sums) : []);
    }

    /// <summary>
    /// Lets a weighting that works on the gradients themselves rewrite them: a whole buffer as <see cref="GradientShape"/>
    /// lays it out, which only a server that owns all slices has.
    /// </summary>
    public StepReport Rewrite(Action<float[]> rewrite)
    {
        if (_owned.Length != _shape.Slices.Count)
            throw new InvalidOperationException("gradients can be rewritten only where one server has all of them");
        var (sums, gradients) = (_lanes.Single().Sums, new float[_shape.Gradient.Length]);
        foreach (var slice in _owned)
            sums.CopyTo(slice.Index, gradients);
        rewrite(gradients);
        foreach (var slice in _owned)
            sums.Replace(slice.Index, gradients);
        return Measure(sums);
    }

    /// <summary>
    /// Makes the update of the step that was reported, and sends what is new slice by slice. Returns when the update is made:
    /// a worker that can't be sent to shows in the next call, so that a step is made whole or not at all.
    /// </summary>
    public async Task UpdateAsync(UpdateOrder order, CancellationToken cancellation)
    {
        var lane = _lanes[order.Lane];
        var sums = lane.Sums;
        if (order.Version != sums.Version || !sums.Complete.IsCompleted || !sums.RowsComplete.IsCompleted && !order.IsSkipped)
            throw new InvalidOperationException($"an update of version {order.Version} where {sums.Version} is being added up");
        var coefficients = order.Weights_T is null ? null : new TaskCoefficients(order.Weights_T, order.Counts_T, order.OwnWeights_T);
        var version = order.Version + 1;
        if (!order.IsSkipped)
            _state.BeginStep(order.Update, order.RateFactor);
        // Before anything is sent: the answer to the first slice may be here before the last is gone.
        List<WaitingPull> waiting;
        lock (_gate)
            waiting = lane.Begin(new StepSums(_shape, _owned, lane.Members.Shards, version));
        var rows = Task.Run(() => UpdateRows(lane, sums, coefficients, order, waiting), CancellationToken.None);
        var slices = UpdateSlices(lane, sums, coefficients, order, cancellation);
        await rows;
        _sending = Task.WhenAll([_sending, slices, .. waiting.Select(pull => Task.Run(() => _rows.SendAsync(pull, cancellation), cancellation))]);
    }

    /// <summary>Sends what there is to all workers: at the start, and where workers that do not wait for each other meet.</summary>
    /// <param name="label">The version that it is called by.</param>
    public async Task PublishAsync(int label, CancellationToken cancellation)
    {
        await _sending;
        var due = new List<WaitingPull>();
        lock (_gate)
        {
            foreach (var lane in _lanes.Where(lane => lane.Sums.Version == label))
            {
                lane.RowsVersion = label;
                due.AddRange(lane.Take(label));
            }
        }
        foreach (var slice in _owned)
            await SendSliceAsync(slice, label, _workers.All, cancellation);
        foreach (var pull in due)
            await _rows.SendAsync(pull, cancellation);
    }

    /// <summary>The coordinator's copy is the server's own.</summary>
    public Task FetchAsync(CancellationToken cancellation) => Task.CompletedTask;

    public IReadOnlyList<TableRows> TakeTableChanges()
    {
        var changes = new List<TableRows>();
        foreach (var table in _state.Tables)
        {
            lock (table)
                changes.Add(table.TakeChanges());
        }
        return changes;
    }

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
                OnGradient(worker, frame);
                break;
            case FrameKind.RowGradients:
                OnRowGradients(worker, frame);
                break;
            default:
                throw new FrameException($"a parameter server got a {frame.Kind} frame");
        }
    }

    private async Task WaitAsync(Task complete, StepSums sums, TimeSpan deadline, CancellationToken cancellation)
    {
        try
        {
            await complete.WaitAsync(deadline, cancellation);
        }
        catch (TimeoutException)
        {
            int[] missing = [.. sums.MissingShards];
            throw new LateShardsException($"parameter server {_index} lacks gradients of shards {string.Join(", ", missing)}", missing);
        }
    }

    private StepReport Measure(StepSums sums)
    {
        if (!_shape.IsMeasured)
            return new StepReport(sums.Version, [.. _owned.Select(slice => new SliceProducts(slice.Index, GradientProducts.Zero(_shape.Gradient.Tasks)))], []);
        using var span = TraceSource.Server.Begin("report", "update", sums.Version, server: _index);
        var products = new GradientProducts[_owned.Length];
        SliceThreads.ForEach(_owned.Length, i => products[i] = _gramian.Compute(_owned[i].Index, sums.Slice(_owned[i].Index)));
        return new StepReport(
            sums.Version,
            [.. _owned.Select((slice, i) => new SliceProducts(slice.Index, products[i]))],
            _shape.HoldsRows ? [] : MeasureRows(sums));
    }

    private ImmutableArray<GradientProducts> MeasureRows(StepSums sums) =>
        sums.Rows is { } rows ? RowProducts.Of(_shape.Tables, rows, _state.FrozenTables) : [];

    /// <returns>The sending.</returns>
    private Task UpdateSlices(Lane lane, StepSums sums, TaskCoefficients? coefficients, UpdateOrder order, CancellationToken cancellation)
    {
        using var span = TraceSource.Server.Begin("update slices", "update", order.Version, server: _index);
        var sending = new Task[_owned.Length];
        IReadOnlyList<string> workers = lane.Members.Worker is { } worker ? [worker] : _workers.All;
        SliceThreads.ForEach(_owned.Length, i =>
        {
            var slice = _owned[i];
            if (!order.IsSkipped)
                _update.Apply(slice.Index, sums.Slice(slice.Index), coefficients, (float)order.ClipFactor, _state.Parameters_P);
            sums.Release(slice.Index);
            sending[i] = SendSliceAsync(slice, order.Version + 1, workers, cancellation);
        });
        return Task.WhenAll(sending);
    }

    /// <param name="waiting">Pulls of the new version; those that came meanwhile are added.</param>
    private void UpdateRows(Lane lane, StepSums sums, TaskCoefficients? coefficients, UpdateOrder order, List<WaitingPull> waiting)
    {
        using var span = TraceSource.Server.Begin("update rows", "update rows", order.Version, server: _index);
        // Rows that were held back for weights are not here when the step is skipped.
        if (sums.RowsComplete.IsCompleted && sums.Rows is { } rows)
        {
            if (!order.IsSkipped)
                RowUpdate.Apply(_shape.Tables, _state.Tables, rows, _shape.HoldsRows ? null : coefficients, order);
            sums.ReleaseRows();
        }
        lock (_gate)
        {
            lane.RowsVersion = order.Version + 1;
            waiting.AddRange(lane.Take(lane.RowsVersion));
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
        var pull = new WaitingPull(worker, header.Version, new TreeNode(header.Level, header.Index), PullFrame.Read(_shape, _index, header, frame.Payload.GetSpan()));
        if (header.Level != PullHeader.Prediction)
        {
            lock (_gate)
            {
                var lane = LaneOf(worker);
                if (pull.Version < lane.Sums.Version)
                {
                    Interlocked.Increment(ref _late);
                    return;
                }
                if (lane.Note(pull))
                {
                    if (MayBeEarly(lane, pull) && lane.Sums.Expected is { } touched)
                        pull.Early = _rows.SendAhead(pull, touched, cancellation);
                    return;
                }
            }
        }
        await _rows.SendAsync(pull, cancellation);
    }

    /// <summary>
    /// Rows that the present step does not touch are in the next version what they are now, so that they may go while it
    /// computes. Not where others change them meanwhile, nor where rows may be forgotten for want of a touch.
    /// </summary>
    private bool MayBeEarly(Lane lane, WaitingPull pull) =>
        _lanes.Length == 1 && pull.Version == lane.Sums.Version + 1 && lane.RowsVersion == lane.Sums.Version && !_state.Tables.Any(table => table.MayForget);

    private Lane LaneOf(string worker)
    {
        foreach (var lane in _lanes)
        {
            if (lane.Members.Worker is null || lane.Members.Worker == worker)
                return lane;
        }
        throw new FrameException($"worker {worker} has no shards here");
    }

    private void OnGradient(string worker, Frame frame)
    {
        var header = frame.Header<GradientHeader>();
        var sums = LaneOf(worker).Sums;
        if (header.Generation != _shape.Generation || header.Version != sums.Version)
        {
            Interlocked.Increment(ref _late);
            return;
        }
        using var span = TraceSource.Server.Begin("add gradient", "add gradients", header.Version, server: _index);
        if (header.Slice < 0 || header.Slice >= _shape.Slices.Count)
            throw new FrameException($"there is no slice {header.Slice}");
        var length = _shape.Slices.GradientLength(_shape.Gradient, header.Slice);
        if (_decoder is null && frame.Payload.ByteCount != (long)length * sizeof(float))
            throw new FrameException($"{frame.Payload.ByteCount} bytes are no gradient of slice {header.Slice}");
        var gradient = _decoder is null
            ? frame.Payload.Detach()
            : Decoded(length, gradient => _decoder.Decode(header.Slice, frame.Payload.GetSpan(), gradient));
        sums.Add(header.Slice, new TreeNode(header.Level, header.Index), gradient);
    }

    private void OnRowGradients(string worker, Frame frame)
    {
        var header = frame.Header<RowGradientHeader>();
        var sums = LaneOf(worker).Sums;
        if (header.Generation != _shape.Generation || header.Version != sums.Version)
        {
            Interlocked.Increment(ref _late);
            return;
        }
        using var span = TraceSource.Server.Begin("add row gradients", "add gradients", header.Version, server: _index);
        var node = new TreeNode(header.Level, header.Index);
        if (_shape.Compression is { } plan && RowGradientCompression.Applies(plan.Settings))
        {
            var length = sums.RowGradientsLength(node);
            sums.AddRows(node, Decoded(length, gradients => RowGradientCompression.Decode(plan.Settings, frame.Payload.GetSpan(), gradients)), length);
            return;
        }
        var (numbers, rest) = Math.DivRem(frame.Payload.ByteCount, sizeof(float));
        if (rest != 0)
            throw new FrameException($"{frame.Payload.ByteCount} bytes are no gradients of table rows");
        sums.AddRows(node, frame.Payload.Detach(), numbers);
    }

    /// <returns>Pooled.</returns>
    private static float[] Decoded(int length, Decoding decode)
    {
        var numbers = ArrayPool<float>.Shared.Rent(length);
        try
        {
            decode(numbers.AsSpan(0, length));
            return numbers;
        }
        catch (InvalidDataException e)
        {
            ArrayPool<float>.Shared.Return(numbers);
            throw new FrameException(e.Message, e);
        }
    }

    private delegate void Decoding(Span<float> numbers);

    private async Task SendSliceAsync(ParameterSlice slice, int version, IReadOnlyList<string> workers, CancellationToken cancellation)
    {
        using var span = TraceSource.Server.Begin("send slice", "send slices", version, server: _index);
        // Where workers do not wait for each other the next update may come while this one is being sent: what is sent is a copy.
        using var numbers = _lanes.Length > 1 ? TensorBuffer.Rent((long)slice.Length * sizeof(float)) : TensorBuffer.Borrow(_state.Parameters_P, _state.Parameters_P.Length);
        if (_lanes.Length > 1)
            _state.Parameters_P.AsSpan(slice.Offset, slice.Length).CopyTo(numbers.Numbers);
        var bytes = _lanes.Length > 1 ? numbers.Bytes : numbers.Bytes.Slice(slice.Offset * sizeof(float), slice.Length * sizeof(float));
        await Task.WhenAll(workers.Select(worker => _workers.SendAsync(worker, FrameKind.Slice, new SliceHeader(_shape.Generation, version, slice.Index), bytes, cancellation)));
    }
}
