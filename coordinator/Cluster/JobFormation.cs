using System.Collections.Immutable;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Cluster;

/// <summary>Which data shards of a job are known to live where: how far the cluster is with forming up for a generation.</summary>
internal sealed record JobFormation(string Job, int Shards, long Generation, ImmutableSortedDictionary<int, string> Hosts)
{
    public static JobFormation Begin(string job, int shards, long generation) =>
        new(job, shards, generation, ImmutableSortedDictionary<int, string>.Empty);

    public bool IsComplete => Hosts.Count == Shards;

    public IEnumerable<int> Missing => Enumerable.Range(0, Shards).Where(shard => !Hosts.ContainsKey(shard));

    /// <summary>A shard says where it lives; what belongs to another job or generation is ignored.</summary>
    public JobFormation With(ShardHosted hosted) =>
        hosted.Shard.Job == Job && hosted.Generation == Generation && hosted.Shard.Index < Shards
            ? this with { Hosts = Hosts.SetItem(hosted.Shard.Index, hosted.Worker) }
            : this;

    /// <summary>Where every shard lives.</summary>
    public Placement ToPlacement() => IsComplete
        ? new Placement(Generation, [.. Hosts.GroupBy(pair => pair.Value).Select(group => new WorkerShards(group.Key, [.. group.Select(pair => pair.Key)]))])
        : throw new InvalidOperationException($"shards {string.Join(", ", Missing)} are not hosted yet");
}

/// <summary>The data shards of one worker, in ascending order.</summary>
internal sealed record WorkerShards(string Worker, ImmutableArray<int> Shards);

/// <summary>All data shards of a job by worker, in the order of the first shard.</summary>
internal sealed record Placement(long Generation, ImmutableArray<WorkerShards> Workers)
{
    /// <summary>Who has some of these shards, and which.</summary>
    public IEnumerable<WorkerShards> HoldersOf(IEnumerable<int> shards)
    {
        var wanted = shards.ToHashSet();
        return Workers.Select(worker => worker with { Shards = [.. worker.Shards.Where(wanted.Contains)] }).Where(worker => worker.Shards.Length > 0);
    }

    public override string ToString() => string.Join("; ", Workers.Select(worker => $"{worker.Worker}: {string.Join(" ", worker.Shards)}"));
}
