using System.Collections;

namespace DistMtl.Aggregation;

/// <summary>
/// Adds sums up the tree of <see cref="TreeNode"/>. Two siblings are added as soon as both are there, always left + right,
/// so the order of arrival and the division of the shards among workers leave no trace in the bits. A worker and a server
/// use the same class: what the worker's has <see cref="Pending"/> are the largest whole subtrees it owns, and exactly those
/// it sends. Not thread-safe.
/// </summary>
/// <param name="shards">S, the job's number of data shards.</param>
/// <param name="add">left + right; may write to both, and owns both.</param>
/// <param name="leavesLast">The root's two children stay apart, so that the last addition can be part of what is done with the sum.</param>
public class TreeReducer<TSum>(int shards, Func<TSum, TSum, TSum> add, bool leavesLast = false)
    where TSum : notnull
{
    private readonly TreeNode _root = TreeNode.Root(shards);
    private readonly Dictionary<TreeNode, TSum> _pending = [];
    private readonly BitArray _covered = new(shards);
    private int _counted;

    /// <summary>What could not be added further yet, by its highest node, in shard order.</summary>
    public IReadOnlyList<(TreeNode Node, TSum Sum)> Pending =>
        [.. _pending.OrderBy(pair => pair.Key.Shards(shards).Start).Select(pair => (pair.Key, pair.Value))];

    /// <summary>The shards that no sum has covered yet, to name who is late.</summary>
    public IEnumerable<int> MissingShards => Enumerable.Range(0, shards).Where(shard => !_covered[shard]);

    public bool IsComplete => _counted == shards;

    /// <summary>Shards that have been covered.</summary>
    public int Counted => _counted;

    /// <summary>The sum over all shards.</summary>
    /// <exception cref="InvalidOperationException">Not complete yet, or the last addition was left out.</exception>
    public TSum Root => _pending.TryGetValue(_root, out var sum)
        ? sum
        : throw new InvalidOperationException($"the sum is not complete: shards {string.Join(", ", MissingShards)} are missing");

    /// <summary>Whether a node is a leaf that has been counted: a second worker may have computed it.</summary>
    public bool HasLeaf(TreeNode node) => node.Level == 0 && node.Index >= 0 && node.Index < shards && _covered[node.Index];

    /// <summary>Takes over a subtree's sum; the reducer may write to it from now on.</summary>
    /// <exception cref="ArgumentException">The node is outside the tree, or one of its shards was counted already.</exception>
    public void Add(TreeNode node, TSum sum)
    {
        Cover(node);
        while (node != _root)
        {
            if (!node.IsRight && node.Sibling.Shards(shards).Count == 0)
            {
                node = node.Parent;
                continue;
            }
            if ((leavesLast && node.Parent == _root) || !_pending.Remove(node.Sibling, out var sibling))
                break;
            var (left, right) = node.IsRight ? (sibling, sum) : (sum, sibling);
            (node, sum) = (node.Parent, add(left, right));
        }
        _pending.Add(node, sum);
    }

    private void Cover(TreeNode node)
    {
        var range = node.Level >= 0 && node.Level <= _root.Level && node.Index >= 0 ? node.Shards(shards) : default;
        if (range.Count == 0)
            throw new ArgumentException($"{node} is outside the tree over {shards} shards", nameof(node));
        for (var shard = range.Start; shard < range.End; shard++)
        {
            if (_covered[shard])
                throw new ArgumentException($"shard {shard} was counted already; {node} ({range}) would count it twice", nameof(node));
        }
        for (var shard = range.Start; shard < range.End; shard++)
            _covered[shard] = true;
        _counted += range.Count;
    }
}

/// <summary>The tree over whole partial sums.</summary>
/// <param name="release">Called with each right sum once it is added to its left one, so that its buffer can be used again.</param>
public sealed class TreeReducer(int shards, Action<PartialSum>? release = null) : TreeReducer<PartialSum>(shards, (left, right) =>
{
    left.Add(right);
    release?.Invoke(right);
    return left;
});
