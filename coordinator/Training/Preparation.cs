using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using DistMtl.Coordinator.Cluster;
using DistMtl.Data;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>Tells every worker its plan and waits until all hold their shards' rows.</summary>
internal static class Preparation
{
    /// <summary>For all workers to have read their shards.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(30);

    /// <param name="plan">For all; each worker's own shards are filled in.</param>
    /// <param name="backups">Shards that a worker computes beside its own; null: there are none.</param>
    /// <param name="trainRowsByShard">What the scan counted; null where no training rows are read.</param>
    /// <returns>By worker: valid labels per task of its first step.</returns>
    /// <exception cref="JobException">A worker is lost or late, or reads other rows than the coordinator.</exception>
    public static async Task<IReadOnlyDictionary<string, long[]>> RunAsync(
        JobFile job, DataSchema schema, PlanHeader plan, Backups? backups, IReadOnlyList<int>? trainRowsByShard, WorkerFleet fleet, CancellationToken cancellation)
    {
        await fleet.SendAsync(
            FrameKind.Plan, worker => plan with { Shards = [.. worker.Shards], BackupShards = backups?.ByWorker.GetValueOrDefault(worker.Worker) }, Encoding.UTF8.GetBytes(schema.ToJson()), cancellation);
        var waiting = new ConcurrentDictionary<string, ImmutableArray<int>>(fleet.Placement.Workers.Select(worker => KeyValuePair.Create(worker.Worker, worker.Shards)));
        var labels = new Dictionary<string, long[]>();
        while (!waiting.IsEmpty)
        {
            var (worker, received) = await fleet.ReceiveAsync(Deadline, "the reading of the data", () => waiting.Values.SelectMany(shards => shards), cancellation);
            using var frame = received;
            if (frame.Kind != FrameKind.Ready)
                throw new JobException($"worker {worker} sent {frame.Kind} instead of saying that it is ready", ExitCode.ClusterLost);
            var ready = frame.Header<ReadyHeader>();
            if (trainRowsByShard is not null)
                Compare(job, worker, ready, trainRowsByShard);
            labels[worker] = ready.NextLabels_T.Length == job.Tasks.Count
                ? ready.NextLabels_T
                : throw new JobException($"worker {worker} counted labels of {ready.NextLabels_T.Length} tasks, not of {job.Tasks.Count}", ExitCode.ClusterLost);
            waiting.TryRemove(worker, out _);
        }
        return labels;
    }

    private static void Compare(JobFile job, string worker, ReadyHeader ready, IReadOnlyList<int> trainRowsByShard)
    {
        foreach (var (shard, rows) in ready.Shards.Zip(ready.Rows))
        {
            if (rows != trainRowsByShard[shard])
                throw new JobException($"worker {worker} read {rows} training rows in shard {shard} where the coordinator read {trainRowsByShard[shard]}: do both see the same {job.Data.Train}?");
        }
    }
}
