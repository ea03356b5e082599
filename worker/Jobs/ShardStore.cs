using DistMtl.Data;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// What this worker keeps of a run's shards from one generation to the next: their rows, so that a worker that forms up again
/// reads only the shards that are new to it, and the sums of the latest step. It holds one run's at a time, and no more than its
/// last plan named. Thread-safe.
/// </summary>
internal sealed class ShardStore
{
    private readonly Lock _gate = new();
    private string? _run;
    private Dictionary<int, ShardRows> _rows = [];

    public KeptSums Sums { get; } = new();

    /// <summary>The rows of a plan's shards.</summary>
    /// <exception cref="Protocol.JobException">A file can't be read.</exception>
    public IReadOnlyDictionary<int, ShardRows> Load(JobPlan plan, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_run is null || _run != plan.Header.Run)
                (_run, _rows) = (plan.Header.Run, []);
            var missing = plan.ComputedShards.Where(shard => !_rows.ContainsKey(shard)).ToHashSet();
            var read = missing.Count == 0 ? new Dictionary<int, ShardRows>() : ShardLoader.Load(plan.Job, plan.Schema, missing, plan.Splits, cancellation);
            return _rows = plan.ComputedShards.ToDictionary(shard => shard, shard => read.GetValueOrDefault(shard) ?? _rows[shard]);
        }
    }

    /// <summary>No generation of the run is here any more.</summary>
    public void Clear()
    {
        lock (_gate)
            (_run, _rows) = (null, []);
        Sums.Clear();
    }
}
