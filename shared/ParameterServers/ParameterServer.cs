using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Tables;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>What a job's servers, workers and coordinator agree on.</summary>
/// <param name="Shards">S, the data shards.</param>
/// <param name="Index">This server's.</param>
/// <param name="Servers">How many there are.</param>
public sealed record ServerShape(
    long Generation, int Index, int Servers, int Shards, ParameterSlices Slices, GradientShape Gradient, TableShape Tables);

/// <summary>
/// One parameter server: the slices and the table rows it owns. Gradients are added up as they arrive, on the threads that
/// receive them; an update goes slice by slice, and each is sent as soon as it is made.
/// </summary>
public sealed class ParameterServer
{
    private readonly ServerShape _shape;
    private readonly IWorkerLinks _workers;
    private readonly ImmutableArray<ParameterSlice> _owned;
    private readonly float[] _parameters_P;
    private readonly ImmutableArray<RowTable> _tables;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Worker, TreeNode Node), (int Version, RowLists Rows)> _pulls = [];
    private StepSums _sums;

    /// <param name="parameters_P">Updated in place.</param>
    /// <param name="tables">In the order of the shape.</param>
    public ParameterServer(ServerShape shape, int version, float[] parameters_P, ImmutableArray<RowTable> tables, IWorkerLinks workers)
    {
        (_shape, _workers, _parameters_P, _tables) = (shape, workers, parameters_P, tables);
        _owned = [.. shape.Slices.OwnedBy(shape.Index, shape.Servers)];
        _sums = new StepSums(shape, _owned, version);
    }

    /// <summary>Updates that the parameters have seen.</summary>
    public int Version => _sums.Version;

    /// <summary>The gradients of the step, when all are there.</summary>
    /// <exception cref="TimeoutException">They are not; the message names the shards.</exception>
    public async Task<StepSums> CollectAsync(TimeSpan deadline, CancellationToken cancellation)
    {
        try
        {
            await _sums.Complete.WaitAsync(deadline, cancellation);
            return _sums;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"parameter server {_shape.Index} lacks gradients of shards {string.Join(", ", _sums.MissingShards)}");
        }
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
                OnGradient(frame);
                break;
            case FrameKind.RowGradients:
                OnRowGradients(frame);
                break;
            default:
                throw new FrameException($"a parameter server got a {frame.Kind} frame");
        }
    }

    /// <summary>Takes the parameters as they are now for those of a version, and sends them to all workers.</summary>
    public async Task PublishAsync(int version, CancellationToken cancellation)
    {
        var due = Begin(version);
        foreach (var slice in _owned)
            await SendSliceAsync(slice, version, cancellation);
        await SendRowsAsync(due, version, cancellation);
    }

    /// <summary>Updates the rows that a step has touched.</summary>
    /// <param name="decision">The tasks' weights; null: the gradients are combined already.</param>
    public void UpdateRows(RowSum rows, WeightingDecision? decision, long[] labels_T, double rateFactor)
    {
        lock (_gate)
        {
            ReadOnlySpan<float> gradients = rows.Gradients;
            var scales_T = GradientCombiner.MeanScales(labels_T);
            for (var i = 0; i < _tables.Length; i++)
            {
                var (entry, list) = (_shape.Tables.Tables[i], rows.Rows.Lists[_shape.Tables.Tables[i].RowList]);
                var copies = _shape.Tables.Copies(entry);
                var update = new float[list.Length * entry.Dim];
                if (decision is null)
                    gradients[..update.Length].CopyTo(update);
                else
                {
                    for (var row = 0; row < list.Length; row++)
                    {
                        for (var d = 0; d < entry.Dim; d++)
                        {
                            var total = 0.0;
                            for (var copy = 0; copy < copies; copy++)
                                total += (copies > 1 || entry.Task is null ? decision.Value.Weights_T[copy] * scales_T[copy] : (decision.Value.OwnWeights_T is { } own ? own[entry.Task.Value] : 1) * scales_T[entry.Task.Value]) * gradients[(row * copies + copy) * entry.Dim + d];
                            update[row * entry.Dim + d] = (float)total;
                        }
                    }
                }
                _tables[i].Update(list, update, Version + 1, rateFactor);
                gradients = gradients[(list.Length * entry.Dim * copies)..];
            }
        }
    }

    /// <summary>The values of these rows now.</summary>
    public void Read(RowLists rows, Span<float> values)
    {
        lock (_gate)
        {
            for (var i = 0; i < _tables.Length; i++)
            {
                var list = rows.Lists[_shape.Tables.Tables[i].RowList];
                var length = list.Length * _shape.Tables.Tables[i].Dim;
                _tables[i].Read(list, values[..length]);
                values = values[length..];
            }
        }
    }

    private async Task PullAsync(string worker, Frame frame, CancellationToken cancellation)
    {
        var header = frame.Header<PullHeader>();
        if (header.Generation != _shape.Generation)
            return;
        var rows = RowsOf(header, frame.Payload.GetSpan());
        if (header.Level != PullHeader.Prediction)
        {
            var node = new TreeNode(header.Level, header.Index);
            lock (_gate)
            {
                if (header.Version != Version)
                {
                    _pulls[(worker, node)] = (header.Version, rows);
                    return;
                }
                _sums.Expect(node, rows);
            }
        }
        await SendRowsAsync(worker, header.Version, header.Level, header.Index, rows, cancellation);
    }

    private RowLists RowsOf(PullHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Counts.Length != _shape.Tables.Lists || header.Counts.Any(count => count < 0) || payload.Length != header.Counts.Sum(count => (long)count) * sizeof(int))
            throw new FrameException($"a pull of {payload.Length} bytes whose counts are [{string.Join(", ", header.Counts)}]");
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
            }
        }
        return new RowLists(lists.MoveToImmutable());
    }

    private void OnGradient(Frame frame)
    {
        var header = frame.Header<GradientHeader>();
        if (header.Generation != _shape.Generation || header.Version != Version)
            return;
        if (header.Slice < 0 || header.Slice >= _shape.Slices.Count || frame.Payload.ByteCount != (long)_shape.Slices.GradientLength(_shape.Gradient, header.Slice) * sizeof(float))
            throw new FrameException($"{frame.Payload.ByteCount} bytes are no gradient of slice {header.Slice}");
        _sums.Add(header.Slice, new TreeNode(header.Level, header.Index), frame.Payload.Detach());
    }

    private void OnRowGradients(Frame frame)
    {
        var header = frame.Header<RowGradientHeader>();
        if (header.Generation != _shape.Generation || header.Version != Version)
            return;
        var length = frame.Payload.ByteCount / sizeof(float);
        _sums.AddRows(new TreeNode(header.Level, header.Index), frame.Payload.Detach(), length);
    }

    /// <returns>The pulls that wait for this version.</returns>
    private List<(string Worker, TreeNode Node, RowLists Rows)> Begin(int version)
    {
        lock (_gate)
        {
            _sums = new StepSums(_shape, _owned, version);
            var due = _pulls.Where(pull => pull.Value.Version == version).Select(pull => (pull.Key.Worker, pull.Key.Node, pull.Value.Rows)).ToList();
            foreach (var (worker, node, rows) in due)
            {
                _pulls.Remove((worker, node));
                _sums.Expect(node, rows);
            }
            return due;
        }
    }

    private async Task SendRowsAsync(List<(string Worker, TreeNode Node, RowLists Rows)> due, int version, CancellationToken cancellation)
    {
        foreach (var (worker, node, rows) in due)
            await SendRowsAsync(worker, version, node.Level, node.Index, rows, cancellation);
    }

    private async Task SendRowsAsync(string worker, int version, int level, int index, RowLists rows, CancellationToken cancellation)
    {
        using var values = TensorBuffer.Rent((long)_shape.Tables.ValuesLength(rows) * sizeof(float));
        Read(rows, values.Numbers);
        await _workers.SendAsync(worker, FrameKind.Rows, new RowsHeader(_shape.Generation, version, _shape.Index, level, index), values.Bytes, cancellation);
    }

    private async Task SendSliceAsync(ParameterSlice slice, int version, CancellationToken cancellation)
    {
        using var whole = TensorBuffer.Borrow(_parameters_P, _parameters_P.Length);
        var bytes = whole.Bytes.Slice(slice.Offset * sizeof(float), slice.Length * sizeof(float));
        await Task.WhenAll(_workers.All.Select(worker => _workers.SendAsync(worker, FrameKind.Slice, new SliceHeader(_shape.Generation, version, slice.Index), bytes, cancellation)));
    }
}
