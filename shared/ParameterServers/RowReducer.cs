using System.Buffers;
using DistMtl.Aggregation;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>
/// Adds up the row gradients of one step on one server. Which rows there will be is known from the workers' pulls, so that
/// the rows of all subtrees are matched before the first gradient is there.
/// </summary>
internal sealed class RowReducer
{
    private readonly TableShape _shape;
    private readonly Dictionary<TreeNode, RowLists> _rows = [];
    private RowSum? _whole;
    private readonly TreeReducer<RowLists> _lists;
    private readonly TreeReducer<RowSum> _sums;
    private readonly Dictionary<(RowLists Left, RowLists Right), RowMerge> _merges = [];

    public RowReducer(TableShape shape, int shards)
    {
        _shape = shape;
        _lists = new TreeReducer<RowLists>(shards, (left, right) => MergeOf(left, right).Union);
        _sums = new TreeReducer<RowSum>(shards, Add);
    }

    /// <summary>Shards whose gradients are there.</summary>
    public int Counted => _sums.Counted;

    public IEnumerable<int> MissingShards => _sums.MissingShards;

    /// <summary>The rows that the step touches, with their gradients, when all that are waited for are there.</summary>
    public RowSum Whole => _whole ??= _sums.Pending.Select(pending => pending.Sum).Aggregate(Add);

    /// <summary>The rows that the step touches; null: not all shards that are waited for have pulled.</summary>
    /// <param name="shards">How many are waited for.</param>
    public RowLists? Expected(int shards) => _lists.Counted == shards ? _lists.Pending.Select(pending => pending.Sum).Aggregate((left, right) => MergeOf(left, right).Union) : null;

    /// <summary>A subtree's pull tells which rows its gradients will be of.</summary>
    public void Expect(TreeNode node, RowLists rows)
    {
        // First: it refuses a node that overlaps another, whose gradients must not be taken then.
        _lists.Add(node, rows);
        _rows.Add(node, rows);
    }

    /// <summary>Whether a subtree has pulled.</summary>
    public bool Knows(TreeNode node) => _rows.ContainsKey(node);

    /// <summary>Whether a node is a leaf whose gradients are there.</summary>
    public bool HasLeaf(TreeNode node) => _sums.HasLeaf(node);

    /// <summary>How many numbers a subtree's gradients will be; null: it has not pulled.</summary>
    public int? LengthOf(TreeNode node) => _rows.TryGetValue(node, out var rows) ? _shape.GradientsLength(rows) : null;

    /// <param name="gradients">Pooled; taken over.</param>
    /// <exception cref="ArgumentException">The subtree has not pulled, or has sent its gradients already.</exception>
    public void Add(TreeNode node, float[] gradients, int length)
    {
        if (!_rows.TryGetValue(node, out var rows))
            throw new ArgumentException($"{node} sent gradients of rows that it has not asked for", nameof(node));
        if (length != _shape.GradientsLength(rows))
            throw new ArgumentException($"{node} sent {length} numbers for rows of {_shape.GradientsLength(rows)}", nameof(length));
        _sums.Add(node, new RowSum(rows, gradients));
    }

    private RowSum Add(RowSum left, RowSum right)
    {
        var merge = MergeOf(left.Rows, right.Rows);
        var sum = ArrayPool<float>.Shared.Rent(_shape.GradientsLength(merge.Union));
        merge.Add(_shape, left.Gradients, right.Gradients, sum);
        ArrayPool<float>.Shared.Return(left.Gradients);
        ArrayPool<float>.Shared.Return(right.Gradients);
        return new RowSum(merge.Union, sum);
    }

    private RowMerge MergeOf(RowLists left, RowLists right)
    {
        if (!_merges.TryGetValue((left, right), out var merge))
            _merges[(left, right)] = merge = RowMerge.Of(left, right);
        return merge;
    }
}
