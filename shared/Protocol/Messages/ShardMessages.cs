using MessagePack;

namespace DistMtl.Protocol.Messages;

/// <summary>Every message of the control plane; each has a manifest in <see cref="MessageTable"/>.</summary>
public interface IClusterMessage;

/// <summary>A message to the entity of one data shard.</summary>
public interface IShardMessage : IClusterMessage
{
    ShardId Shard { get; }
}

/// <summary>One data shard of one job.</summary>
/// <param name="Job">The run's id.</param>
/// <param name="Index">0 .. Count - 1.</param>
/// <param name="Count">S, the number of data shards of the job.</param>
[MessagePackObject]
public readonly record struct ShardId(
    [property: Key(0)] string Job,
    [property: Key(1)] int Index,
    [property: Key(2)] int Count);

/// <summary>Coordinator to data shard: from now on you belong to this generation; meet me on the tensor plane.</summary>
/// <param name="Generation">Rises with every change of membership.</param>
/// <param name="TensorHost">Address of the coordinator's tensor plane.</param>
[MessagePackObject]
public sealed record StartShard(
    [property: Key(0)] ShardId Shard,
    [property: Key(1)] long Generation,
    [property: Key(2)] string TensorHost,
    [property: Key(3)] int TensorPort) : IShardMessage;

/// <summary>Data shard to coordinator: I live on this worker. Answers every <see cref="StartShard"/>, however often sent.</summary>
[MessagePackObject]
public sealed record ShardHosted(
    [property: Key(0)] ShardId Shard,
    [property: Key(1)] long Generation,
    [property: Key(2)] string Worker) : IClusterMessage;

/// <summary>Coordinator to data shard: the job is over.</summary>
[MessagePackObject]
public sealed record StopShard([property: Key(0)] ShardId Shard) : IShardMessage;

/// <summary>Worker to coordinator: I am about to leave, and serve until the job can do without me.</summary>
[MessagePackObject]
public sealed record WorkerLeaving(
    [property: Key(0)] string Job,
    [property: Key(1)] string Worker) : IClusterMessage;

/// <summary>Worker to coordinator: I cannot go on with this job.</summary>
/// <param name="Error">Complete text for the user.</param>
/// <param name="ExitCode">An <see cref="Protocol.ExitCode"/>.</param>
[MessagePackObject]
public sealed record WorkerFailed(
    [property: Key(0)] string Job,
    [property: Key(1)] string Worker,
    [property: Key(2)] string Error,
    [property: Key(3)] int ExitCode) : IClusterMessage;
