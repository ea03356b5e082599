namespace DistMtl.Coordinator.Training;

/// <summary>Which shards of slow workers the fast ones compute, too, in one generation.</summary>
/// <param name="ByWorker">Shards of others that a worker computes beside its own.</param>
/// <param name="Slow">Workers that were slow when this was decided.</param>
internal sealed record Backups(IReadOnlyDictionary<string, int[]> ByWorker, IReadOnlySet<string> Slow)
{
    /// <summary>All shards that are computed twice; null: none is.</summary>
    public int[]? Twice => ByWorker.Count == 0 ? null : [.. ByWorker.Values.SelectMany(shards => shards).Order()];

    /// <summary>The shards of the slowest workers go, one by one, to the fastest.</summary>
    /// <param name="count">How many at most (<c>training.backupShards</c>).</param>
    /// <param name="rates">Of the workers of the generation.</param>
    public static Backups Of(int count, IReadOnlyList<WorkerRate> rates)
    {
        var slow = rates.Where(worker => worker.IsSlow).OrderBy(worker => worker.RowsPerSecond).ToList();
        var fast = rates.Where(worker => !worker.IsSlow).OrderByDescending(worker => worker.RowsPerSecond).Select(worker => worker.Worker).ToList();
        var shards = fast.Count == 0 ? [] : slow.SelectMany(worker => worker.Shards).Take(count).ToList();
        return new Backups(
            shards.Index().GroupBy(shard => fast[shard.Index % fast.Count], shard => shard.Item).ToDictionary(group => group.Key, group => group.ToArray()),
            slow.Select(worker => worker.Worker).ToHashSet());
    }

    /// <summary>Whether other workers are slow now, so that the run should form up again.</summary>
    public bool AreOutdated(IReadOnlyList<WorkerRate> rates) => !Slow.SetEquals(rates.Where(worker => worker.IsSlow).Select(worker => worker.Worker));
}
