using DistMtl.Aggregation;
using DistMtl.Data;
using DistMtl.Protocol.Tracing;

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
    private readonly HashSet<int> _own;

    public BatchSource(JobPlan plan, IReadOnlyDictionary<int, ShardRows> rows, TouchedRows touched)
    {
        _plan = plan;
        _rows = rows;
        Touched = touched;
        _cursors = plan.ComputedShards.ToDictionary(shard => shard, shard => new ShardCursor(plan.Job.Seed, shard, rows[shard].Train.Count));
        _nodes = plan.Nodes;
        _own = [.. plan.Header.Shards];
    }

    public TouchedRows Touched { get; }

    public StepBatch Make(int version)
    {
        using var span = TraceSource.Worker.Begin("make micro-batches", "make", version);
        var (epoch, step) = Math.DivRem(version, _plan.Header.StepsPerEpoch);
        NodeBatch[] nodes = [.. _nodes.Select(node => MakeNode(node, epoch, step))];
        return new StepBatch(version, nodes, NodeBatch.Sum(nodes.Where(node => _own.Contains(node.Shards[0].Shard)).Select(node => node.Labels_T)));
    }

    /// <summary>
    /// Which rows a shard's one micro-batch of a version is made of, by their places among its training rows. Safe beside <see cref="Make"/>.
    /// </summary>
    public IReadOnlyList<int> RowNumbers(int shard, int version)
    {
        var (epoch, step) = Math.DivRem(version, _plan.Header.StepsPerEpoch);
        return [.. new ShardCursor(_plan.Job.Seed, shard, _rows[shard].Train.Count).Rows(epoch, step, _plan.Header.BatchesPerEpoch)];
    }

    private NodeBatch MakeNode(TreeNode node, int epoch, int step)
    {
        var range = node.Shards(_plan.Job.Data.Shards);
        var batches = new EncodedRows[range.Count][];
        for (var i = 0; i < batches.Length; i++)
            batches[i] = Batches(range.Start + i, epoch, step);
        var (touched, local) = Touched.Localize([.. batches.SelectMany(shard => shard)]);
        var next = 0;
        return new NodeBatch(node, touched, [.. batches.Select((shard, i) => new ShardBatch(range.Start + i, local[next..(next += shard.Length)], NodeBatch.Sum(shard.Select(Count))))]);
    }

    /// <summary>One; with k local steps those from k step to k (step + 1) - 1 of the epoch, fewer at its end.</summary>
    private EncodedRows[] Batches(int shard, int epoch, int step)
    {
        var (each, all) = (_plan.Job.Training.LocalSteps, _plan.Header.BatchesPerEpoch);
        var batches = new EncodedRows[Math.Min(each, all - step * each)];
        for (var i = 0; i < batches.Length; i++)
            batches[i] = _rows[shard].Train.Gather(_cursors[shard].Rows(epoch, step * each + i, all));
        return batches;
    }

    private long[] Count(EncodedRows rows)
    {
        var labels_T = new long[_plan.Job.Tasks.Count];
        for (var i = 0; i < rows.Labels_BT.Length; i++)
            labels_T[i % labels_T.Length] += float.IsNaN(rows.Labels_BT[i]) ? 0 : 1;
        return labels_T;
    }
}
