using System.Buffers;
using System.Collections.Immutable;
using System.Numerics.Tensors;
using DistMtl.Aggregation;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>The gradients of one step on one server, added up as they arrive. Safe for several receiving threads.</summary>
public sealed class StepSums
{
    private readonly ServerShape _shape;
    private readonly ImmutableDictionary<int, TreeReducer<float[]>> _slices;
    private readonly RowReducer? _rows;
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing;

    internal StepSums(ServerShape shape, ImmutableArray<ParameterSlice> owned, int version)
    {
        _shape = shape;
        Version = version;
        _slices = owned.ToImmutableDictionary(slice => slice.Index, slice => new TreeReducer<float[]>(shape.Shards, (left, right) => Add(slice.Index, left, right)));
        _rows = shape.Tables.Tables.IsEmpty ? null : new RowReducer(shape.Tables, shape.Shards);
        _missing = _slices.Count + (_rows is null ? 0 : 1);
        if (_missing == 0)
            _complete.SetResult();
    }

    public int Version { get; }

    public Task Complete => _complete.Task;

    public IEnumerable<int> MissingShards
    {
        get
        {
            var missing = new SortedSet<int>();
            foreach (var reducer in _slices.Values)
            {
                lock (reducer)
                    missing.UnionWith(reducer.MissingShards);
            }
            if (_rows is not null)
            {
                lock (_rows)
                    missing.UnionWith(_rows.MissingShards);
            }
            return missing;
        }
    }

    /// <summary>The sum of a slice's gradients over all shards; pooled, and the caller's from now on.</summary>
    public float[] Slice(int slice) => _slices[slice].Root;

    /// <summary>The rows that the step touches, with their gradients; null where the model has no sparse table.</summary>
    public RowSum? Rows => _rows?.Root;

    internal void Expect(TreeNode node, RowLists rows)
    {
        if (_rows is null)
            return;
        lock (_rows)
            _rows.Expect(node, rows);
    }

    internal void Add(int slice, TreeNode node, float[] gradient)
    {
        var reducer = _slices[slice];
        lock (reducer)
        {
            reducer.Add(node, gradient);
            if (!reducer.IsComplete)
                return;
        }
        Count();
    }

    internal void AddRows(TreeNode node, float[] gradients, int length)
    {
        lock (_rows!)
        {
            _rows.Add(node, gradients, length);
            if (!_rows.IsComplete)
                return;
        }
        Count();
    }

    private float[] Add(int slice, float[] left, float[] right)
    {
        var length = _shape.Slices.GradientLength(_shape.Gradient, slice);
        TensorPrimitives.Add(left.AsSpan(0, length), right.AsSpan(0, length), left);
        ArrayPool<float>.Shared.Return(right);
        return left;
    }

    private void Count()
    {
        if (Interlocked.Decrement(ref _missing) == 0)
            _complete.TrySetResult();
    }
}
