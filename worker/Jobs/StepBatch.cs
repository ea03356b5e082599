using DistMtl.Aggregation;
using DistMtl.Data;
using DistMtl.Protocol;

namespace DistMtl.Worker.Jobs;

/// <summary>The micro-batches of a worker's shards in one step, and the table rows they touch.</summary>
/// <param name="Version">The step's parameters.</param>
/// <param name="Nodes">What the worker sends sums of: its own in shard order, then those that it computes for slow workers.</param>
/// <param name="Labels_T">Valid labels per task over its own shards.</param>
internal sealed record StepBatch(int Version, IReadOnlyList<NodeBatch> Nodes, long[] Labels_T);

/// <summary>One whole subtree of the worker's shards.</summary>
/// <param name="Touched">Rows of the sparse tables that any of its shards touches.</param>
internal sealed record NodeBatch(TreeNode Node, RowLists Touched, IReadOnlyList<ShardBatch> Shards)
{
    /// <summary>Valid labels per task over its shards.</summary>
    public long[] Labels_T { get; } = Sum(Shards.Select(shard => shard.Labels_T));

    public static long[] Sum(IEnumerable<long[]> labels_NT) => labels_NT.Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)]);
}

/// <summary>One shard's micro-batch; with local steps, all that it takes before parameters are averaged.</summary>
/// <param name="Batches">In their order. Ids of sparse tables are places in the node's <see cref="NodeBatch.Touched"/>.</param>
/// <param name="Labels_T">Over all of them.</param>
internal sealed record ShardBatch(int Shard, IReadOnlyList<EncodedRows> Batches, long[] Labels_T)
{
    public int Rows => Batches.Sum(rows => rows.Count);
}
