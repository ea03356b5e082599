using System.Numerics;

namespace DistMtl.Aggregation;

/// <summary>Data shards <paramref name="Start"/> .. <paramref name="End"/> - 1.</summary>
public readonly record struct ShardRange(int Start, int End)
{
    public int Count => End - Start;

    public override string ToString() => Count == 1 ? $"shard {Start}" : $"shards {Start} to {End - 1}";
}

/// <summary>
/// A place in the fixed binary tree over data shards 0 .. S-1: level 0 are the shards, and
/// node (l, i) = node (l-1, 2i) + node (l-1, 2i+1). Where the right one holds no shard, the left one is passed through.
/// </summary>
public readonly record struct TreeNode(int Level, int Index)
{
    /// <summary>The leaf of one data shard.</summary>
    public static TreeNode Leaf(int shard) => new(0, shard);

    /// <summary>The node that covers all shards.</summary>
    public static TreeNode Root(int shardCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardCount);
        return new(BitOperations.Log2((uint)shardCount * 2 - 1), 0);
    }

    /// <summary>The largest whole subtrees over some shards, in shard order: what a worker that owns them sends.</summary>
    public static IReadOnlyList<TreeNode> Cover(IEnumerable<int> shards, int shardCount)
    {
        var reducer = new TreeReducer<bool>(shardCount, (_, _) => true);
        foreach (var shard in shards)
            reducer.Add(Leaf(shard), true);
        return [.. reducer.Pending.Select(pending => pending.Node)];
    }

    public TreeNode Parent => new(Level + 1, Index / 2);

    public TreeNode Sibling => new(Level, Index ^ 1);

    public bool IsRight => (Index & 1) == 1;

    /// <summary>The shards below this node, of <paramref name="shardCount"/>; empty where the tree does not reach.</summary>
    public ShardRange Shards(int shardCount)
    {
        var start = Math.Min((long)Index << Level, shardCount);
        return new((int)start, (int)Math.Min((Index + 1L) << Level, shardCount));
    }

    public override string ToString() => $"node {Level}/{Index}";
}
