using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace DistMtl.Clustering;

/// <summary>
/// Keeps contiguous ranges of data shards on one worker: of n workers in the order of their addresses, worker i owns
/// shards S i/n .. S (i+1)/n - 1. A worker then owns whole subtrees of the reduction tree and sends few sums instead of
/// one per shard.
/// </summary>
/// <param name="self">Address of this node: its own region's reference carries none.</param>
/// <param name="time">Null: the system's.</param>
public sealed class ContiguousAllocation(Address self, TimeProvider? time = null) : IShardAllocationStrategy
{
    /// <summary>
    /// After a worker is lost: its shards go to others at once, and the run forms up again. Shards that moved meanwhile, so that ranges
    /// are contiguous again, would have to be computed again.
    /// </summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private HashSet<Address>? _known;
    private long _lostAt;

    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
        Task.FromResult(Owner(shardId, Ordered(currentShardAllocations)) ?? requester);

    /// <summary>Names the shards that do not lie where they belong; sharding moves them.</summary>
    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        var regions = Ordered(currentShardAllocations);
        var misplaced = rebalanceInProgress.Count > 0 || IsQuiet([.. regions.Select(AddressOf)])
            ? []
            : currentShardAllocations
                .SelectMany(pair => pair.Value.Where(shard => Owner(shard, regions) is { } owner && !owner.Equals(pair.Key)))
                .ToImmutableHashSet();
        return Task.FromResult<IImmutableSet<string>>(misplaced);
    }

    /// <summary>Whether a worker was lost just now; who has begun to look may have missed it.</summary>
    private bool IsQuiet(HashSet<Address> regions)
    {
        if (_known is null || !_known.IsSubsetOf(regions))
            _lostAt = _time.GetTimestamp();
        _known = regions;
        return _time.GetElapsedTime(_lostAt) < Quiet;
    }

    /// <summary>Which of <paramref name="workers"/> owns shard <paramref name="index"/> of <paramref name="count"/>.</summary>
    public static int OwnerOf(int index, int count, int workers) => (int)(((long)(index + 1) * workers - 1) / count);

    /// <summary>Whether no shard of a job with so many lies where it does not belong; those that lie nowhere go where they belong when they are spoken to.</summary>
    public static bool IsSettled(ClusterShardingStats stats, int count)
    {
        var regions = InOrder(stats.Regions, region => region.Key);
        return regions.Index().All(region => region.Item.Value.Stats.Keys.All(shard =>
            !ShardName.TryParse(shard, out var index, out var of) || of != count || OwnerOf(index, of, regions.Count) == region.Index));
    }

    private static IActorRef? Owner(string shardId, List<IActorRef> regions) =>
        regions.Count > 0 && ShardName.TryParse(shardId, out var index, out var count)
            ? regions[OwnerOf(index, count, regions.Count)]
            : null;

    private List<IActorRef> Ordered(IImmutableDictionary<IActorRef, IImmutableList<string>> allocations) =>
        InOrder(allocations.Keys, AddressOf);

    private static List<T> InOrder<T>(IEnumerable<T> regions, Func<T, Address> addressOf) =>
        [.. regions.OrderBy(region => addressOf(region).Host, StringComparer.Ordinal).ThenBy(region => addressOf(region).Port)];

    private Address AddressOf(IActorRef region) => region.Path.Address.HasLocalScope ? self : region.Path.Address;
}
