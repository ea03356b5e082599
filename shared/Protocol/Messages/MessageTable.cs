namespace DistMtl.Protocol.Messages;

/// <summary>
/// The manifest of every message on the wire. A manifest may be added, never changed or reused: nodes of two versions
/// must understand each other. A test freezes this table.
/// </summary>
public static class MessageTable
{
    public static IReadOnlyDictionary<string, Type> ByManifest { get; } = new Dictionary<string, Type>
    {
        ["S1"] = typeof(StartShard),
        ["S2"] = typeof(ShardHosted),
        ["S3"] = typeof(StopShard),
        ["W1"] = typeof(WorkerFailed),
        ["W2"] = typeof(WorkerLeaving),
    };
}
