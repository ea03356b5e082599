using DistMtl.Aggregation;
using DistMtl.Data;
using DistMtl.Protocol;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// Makes the micro-batches of a worker's shards, a pure function of the version, so that those of the next step are made
/// while the present one computes. Not thread-safe: one <see cref="Make"/> at a time.
/// </summary>
internal sealed class BatchSource
{
    private readonly JobPlan _plan;
    private readonly IReadOnlyDictionary<int, ShardRows> _rows;
    private readonly Dictionary<int, ShardCursor> _cursors;
    private readonly IReadOnlyList<TreeNode> _nodes;

    public BatchSource(JobPlan plan, IReadOnlyDictionary<int, ShardRows> rows, TouchedRows touched)
    {
        _plan = plan;
        _rows = rows;
        Touched = touched;
        _cursors = plan.Header.Shards.ToDictionary(shard => shard, shard => new ShardCursor(plan.Job.Seed, shard, rows[shard].Train.Count));
        _nodes = TreeNode.Cover(plan.Header.Shards, plan.Job.Data.Shards);
    }

    public TouchedRows Touched { get; }

    public StepBatch Make(int version)
    {
        var (epoch, step) = Math.DivRem(version, _plan.Header.StepsPerEpoch);
        NodeBatch[] nodes = [.. _nodes.Select(node => MakeNode(node, epoch, step))];
        return new StepBatch(version, nodes, NodeBatch.Sum(nodes.Select(node => node.Labels_T)));
    }

    private NodeBatch MakeNode(TreeNode node, int epoch, int step)
    {
        var range = node.Shards(_plan.Job.Data.Shards);
        var batches = new EncodedRows[range.Count];
        for (var i = 0; i < batches.Length; i++)
        {
            var shard = range.Start + i;
            batches[i] = _rows[shard].Train.Gather(_cursors[shard].Rows(epoch, step, _plan.Header.StepsPerEpoch));
        }
        var touched = batches.Select(Touched.Of).Aggregate(RowLists.Union);
        return new NodeBatch(node, touched, [.. batches.Select((rows, i) => new ShardBatch(range.Start + i, Touched.Localize(rows, touched), Count(rows)))]);
    }

    private long[] Count(EncodedRows rows)
    {
        var labels_T = new long[_plan.Job.Tasks.Count];
        for (var i = 0; i < rows.Labels_BT.Length; i++)
            labels_T[i % labels_T.Length] += float.IsNaN(rows.Labels_BT[i]) ? 0 : 1;
        return labels_T;
    }
}
