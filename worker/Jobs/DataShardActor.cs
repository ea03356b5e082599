using Akka.Actor;
using DistMtl.Protocol.Messages;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// The entity of one data shard. It holds no rows and no tensors: it is the cluster's word that the shard lives on this
/// worker, and hands the shard to the worker's job session, which computes.
/// </summary>
internal sealed class DataShardActor : ReceiveActor
{
    private readonly IActorRef _worker;
    private ShardId? _shard;

    public DataShardActor(IActorRef worker)
    {
        _worker = worker;
        Receive<StartShard>(start =>
        {
            _shard = start.Shard;
            _worker.Tell(start, Sender);
        });
        Receive<StopShard>(stop =>
        {
            _shard = null;
            _worker.Tell(stop, Sender);
            Context.Stop(Self);
        });
    }

    /// <summary>A shard that moves away (or a node that leaves) takes its session's share with it.</summary>
    protected override void PostStop()
    {
        if (_shard is { } shard)
            _worker.Tell(new StopShard(shard));
    }
}
