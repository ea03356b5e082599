namespace DistMtl.Protocol.Messages;

/// <summary>
/// The manifest of every message on the wire and every event in the job store. A manifest may be added, never changed or
/// reused: nodes of two versions must understand each other, and a new one the store of an old one. A test freezes this table.
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
        ["J1"] = typeof(TermBegan),
        ["J2"] = typeof(RunSubmitted),
        ["J3"] = typeof(CheckpointCommitted),
        ["J4"] = typeof(RunFinished),
        ["C1"] = typeof(AskService),
        ["C2"] = typeof(ServiceAt),
    };
}
