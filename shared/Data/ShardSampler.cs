using DistMtl.Protocol;

namespace DistMtl.Data;

/// <summary>
/// Which rows of a shard make its micro-batch of a step: a pure function of seed, epoch, shard and step, so that any worker
/// can go on where another one stopped. Within an epoch every row comes exactly once.
/// </summary>
public static class ShardSampler
{
    /// <summary>ceil(all rows / batch size), at least 1.</summary>
    public static int StepsPerEpoch(IReadOnlyList<int> trainRowsByShard, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        var rows = trainRowsByShard.Sum(count => (long)count);
        return checked((int)Math.Max(1, (rows + batchSize - 1) / batchSize));
    }

    /// <summary>
    /// The shard's part of step k of K: floor(n k / K) .. floor(n (k + 1) / K) of its n rows in the epoch's order. A
    /// shard with fewer rows than there are steps has none in some.
    /// </summary>
    public static int[] Rows(ulong seed, int epoch, int shard, int stepInEpoch, int stepsPerEpoch, int shardRows) =>
        Slice(Order(seed, epoch, shard, shardRows), stepInEpoch, stepsPerEpoch).ToArray();

    internal static int[] Order(ulong seed, int epoch, int shard, int shardRows) =>
        new StableRandom(StableHash.Mix(seed, (ulong)epoch, (ulong)shard)).Permutation(shardRows);

    internal static ReadOnlySpan<int> Slice(int[] order, int stepInEpoch, int stepsPerEpoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stepInEpoch);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stepInEpoch, stepsPerEpoch);
        var begin = (int)((long)order.Length * stepInEpoch / stepsPerEpoch);
        var end = (int)((long)order.Length * (stepInEpoch + 1) / stepsPerEpoch);
        return order.AsSpan(begin..end);
    }
}

/// <summary><see cref="ShardSampler.Rows"/> for one shard, which keeps the order of the epoch it is in. Not thread-safe.</summary>
public sealed class ShardCursor(ulong seed, int shard, int shardRows)
{
    private int _epoch = -1;
    private int[] _order = [];

    /// <summary>As <see cref="ShardSampler.Rows"/>; the span is valid until another epoch is asked for.</summary>
    public ReadOnlySpan<int> Rows(int epoch, int stepInEpoch, int stepsPerEpoch)
    {
        if (epoch != _epoch)
        {
            _order = ShardSampler.Order(seed, epoch, shard, shardRows);
            _epoch = epoch;
        }
        return ShardSampler.Slice(_order, stepInEpoch, stepsPerEpoch);
    }
}
