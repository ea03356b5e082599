using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Numerics.Tensors;
using DistMtl.Aggregation;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>
/// The gradients of one step on one server, added up as they arrive: those of all shards, or of one worker's where workers
/// do not wait for each other. Safe for several receiving threads.
/// </summary>
public sealed class StepSums
{
    private readonly ServerShape _shape;
    private readonly ImmutableSortedDictionary<int, TreeReducer<float[]>> _slices;
    private readonly ConcurrentDictionary<int, IReadOnlyList<float[]>> _wholes = new();
    private readonly RowReducer? _rows;
    private readonly ImmutableHashSet<int> _shards;
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _rowsComplete;
    private int _missing;

    /// <param name="shards">Whose gradients it waits for.</param>
    internal StepSums(ServerShape shape, ImmutableArray<ParameterSlice> owned, ImmutableHashSet<int> shards, int version)
    {
        (_shape, _shards) = (shape, shards);
        Version = version;
        // The last addition is left to the update, which reads both sides anyway.
        _slices = owned.ToImmutableSortedDictionary(
            slice => slice.Index, slice => new TreeReducer<float[]>(shape.Shards, (left, right) => Add(slice.Index, left, right), leavesLast: true));
        _rows = shape.Tables.Tables.IsEmpty ? null : new RowReducer(shape.Tables, shape.Shards);
        _rowsComplete = shape.HoldsRows ? new(TaskCreationOptions.RunContinuationsAsynchronously) : _complete;
        _missing = _slices.Count + (_rows is null || shape.HoldsRows ? 0 : 1);
        if (_missing == 0)
            _complete.SetResult();
    }

    public int Version { get; }

    /// <summary>When the gradients of all shards are there, but for rows that the workers hold back.</summary>
    public Task Complete => _complete.Task;

    /// <summary>When those are there, too.</summary>
    public Task RowsComplete => _rowsComplete.Task;

    public IEnumerable<int> MissingShards
    {
        get
        {
            var missing = new SortedSet<int>();
            foreach (var reducer in _slices.Values)
            {
                lock (reducer)
                    missing.UnionWith(reducer.MissingShards.Where(_shards.Contains));
            }
            if (_rows is not null && (!_shape.HoldsRows || Complete.IsCompleted))
            {
                lock (_rows)
                    missing.UnionWith(_rows.MissingShards.Where(_shards.Contains));
            }
            return missing;
        }
    }

    /// <summary>The gradient of a slice over all its shards; the arrays stay this object's until they are released.</summary>
    public SliceSum Slice(int slice)
    {
        var length = _shape.Slices.GradientLength(_shape.Gradient, slice);
        return Whole(slice) switch
        {
            [var left] => new SliceSum(left.AsMemory(0, length)),
            [var left, var right] => new SliceSum(left.AsMemory(0, length), right.AsMemory(0, length)),
            _ => throw new InvalidOperationException($"slice {slice} is not complete"),
        };
    }

    /// <summary>The rows that the step touches, with their gradients; null where the model has no sparse table.</summary>
    public RowSum? Rows => _rows?.Whole;

    /// <summary>Adds the slice's two sides up and puts the sum where it belongs in a whole gradient.</summary>
    internal void CopyTo(int slice, float[] gradients)
    {
        var (sum, start) = (Slice(slice), 0);
        foreach (var (offset, length) in _shape.Slices.Segments(_shape.Gradient, slice))
        {
            var target = gradients.AsSpan(offset, length);
            sum.Left.Span.Slice(start, length).CopyTo(target);
            if (!sum.Right.IsEmpty)
                TensorPrimitives.Add(target, sum.Right.Span.Slice(start, length), target);
            start += length;
        }
    }

    /// <summary>Takes the slice out of a whole gradient, in the place of what was added up.</summary>
    internal void Replace(int slice, float[] gradients)
    {
        var (sides, start) = (Whole(slice), 0);
        foreach (var (offset, length) in _shape.Slices.Segments(_shape.Gradient, slice))
        {
            gradients.AsSpan(offset, length).CopyTo(sides[0].AsSpan(start));
            if (sides.Count > 1)
                sides[1].AsSpan(start, length).Clear();
            start += length;
        }
    }

    /// <summary>Gives the buffers of a slice back.</summary>
    internal void Release(int slice)
    {
        foreach (var sum in Whole(slice))
            ArrayPool<float>.Shared.Return(sum);
    }

    /// <summary>Gives the buffer of the rows back.</summary>
    internal void ReleaseRows() => ArrayPool<float>.Shared.Return(_rows!.Whole.Gradients);

    /// <summary>The rows that the step touches, once all shards have pulled; null before that.</summary>
    internal RowLists? Expected
    {
        get
        {
            if (_rows is null)
                return null;
            lock (_rows)
                return _rows.Expected(_shards.Count);
        }
    }

    internal void Expect(TreeNode node, RowLists rows)
    {
        if (_rows is null)
            return;
        lock (_rows)
        {
            if (!_shape.MayComeTwice || !_rows.Knows(node))
                Checked(() => _rows.Expect(node, rows));
        }
    }

    /// <param name="gradient">Pooled; taken over.</param>
    internal void Add(int slice, TreeNode node, float[] gradient)
    {
        if (!_slices.TryGetValue(slice, out var reducer))
            throw new FrameException($"slice {slice} is another server's");
        lock (reducer)
        {
            if (_shape.MayComeTwice && reducer.HasLeaf(node))
            {
                ArrayPool<float>.Shared.Return(gradient);
                return;
            }
            Checked(() => reducer.Add(node, gradient));
            if (reducer.Counted < _shards.Count)
                return;
        }
        Count();
    }

    /// <summary>How many numbers the row gradients of a subtree are.</summary>
    /// <exception cref="FrameException">It has not asked for rows.</exception>
    internal int RowGradientsLength(TreeNode node)
    {
        if (_rows is null)
            throw new FrameException("gradients of table rows for a model without sparse tables");
        lock (_rows)
            return _rows.LengthOf(node) ?? throw new FrameException($"{node} sent gradients of rows that it has not asked for");
    }

    /// <param name="gradients">Pooled; taken over.</param>
    internal void AddRows(TreeNode node, float[] gradients, int length)
    {
        if (_rows is null)
            throw new FrameException("gradients of table rows for a model without sparse tables");
        lock (_rows)
        {
            if (_shape.MayComeTwice && _rows.HasLeaf(node))
            {
                ArrayPool<float>.Shared.Return(gradients);
                return;
            }
            Checked(() => _rows.Add(node, gradients, length));
            if (_rows.Counted < _shards.Count)
                return;
        }
        if (_shape.HoldsRows)
            _rowsComplete.TrySetResult();
        else
            Count();
    }

    /// <summary>
    /// One side or two: the root's children. One worker's shards may be more than two subtrees; the others are added to the
    /// first, once.
    /// </summary>
    private IReadOnlyList<float[]> Whole(int slice)
    {
        lock (_slices[slice])
        {
            if (_wholes.TryGetValue(slice, out var known))
                return known;
            var sides = _slices[slice].Pending.Select(pending => pending.Sum).ToList();
            while (sides.Count > 2)
            {
                sides[0] = Add(slice, sides[0], sides[1]);
                sides.RemoveAt(1);
            }
            return _wholes[slice] = sides;
        }
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

    /// <summary>A subtree that is outside the tree, or comes twice, came over the wire.</summary>
    private static void Checked(Action add)
    {
        try
        {
            add();
        }
        catch (ArgumentException e)
        {
            throw new FrameException(e.Message, e);
        }
    }
}
