using Akka.Actor;
using DistMtl.Protocol.Messages;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// The entity of one data shard. It holds no rows and no tensors: it is the cluster's word that the shard lives on this
/// worker, and hands the shard to the worker's job session, which computes. Where a generation's shards are is settled when it
/// begins: one that the cluster moves later lives elsewhere from the next generation on.
/// </summary>
internal sealed class DataShardActor : ReceiveActor
{
    public DataShardActor(IActorRef worker)
    {
        Receive<StartShard>(start => worker.Tell(start, Sender));
        Receive<StopShard>(stop =>
        {
            worker.Tell(stop, Sender);
            Context.Stop(Self);
        });
    }
}
