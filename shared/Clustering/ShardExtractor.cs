using System.Globalization;
using Akka.Cluster.Sharding;
using DistMtl.Protocol.Messages;

namespace DistMtl.Clustering;

/// <summary>
/// One entity per data shard of a job. Akka's shard, the unit of placement, is named "index/count" and shared by all
/// jobs with as many shards, so that a job finds its shards where the last one had them.
/// </summary>
public sealed class ShardExtractor : IMessageExtractor
{
    public string? EntityId(object message) => message is IShardMessage { Shard: var shard }
        ? string.Create(CultureInfo.InvariantCulture, $"{shard.Job}:{shard.Index}/{shard.Count}")
        : null;

    public object? EntityMessage(object message) => message;

    public string ShardId(object message) => message is IShardMessage { Shard: var shard }
        ? ShardName.Format(shard.Index, shard.Count)
        : throw new ArgumentException($"{message.GetType().Name} is not for a data shard", nameof(message));

    public string ShardId(string entityId, object? messageHint = null) => entityId[(entityId.LastIndexOf(':') + 1)..];
}

/// <summary>The name of Akka's shard: "index/count".</summary>
internal static class ShardName
{
    public static string Format(int index, int count) => string.Create(CultureInfo.InvariantCulture, $"{index}/{count}");

    public static bool TryParse(string name, out int index, out int count)
    {
        (index, count) = (0, 0);
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && int.TryParse(name.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out index)
            && int.TryParse(name.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out count)
            && index < count;
    }
}
