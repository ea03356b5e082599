using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;

namespace DistMtl.Clustering;

/// <summary>What the cluster's list of members can be told.</summary>
public static class Membership
{
    /// <summary>Whether this node has left the cluster, or been put out, so that its actors end.</summary>
    public static bool IsOver(ActorSystem system) => system.WhenTerminated.IsCompleted || CoordinatedShutdown.Get(system).ShutdownReason is not null;

    /// <summary>A member that is known to be lost: it is removed now, and learns, if it is alive after all, that it is out.</summary>
    public static void PutOut(ActorSystem system, Member member)
    {
        Cluster.Get(system).Down(member.Address);
        // Without this the cluster removes it only when heartbeats have been missing for long enough.
        ((IRemoteActorRefProvider)((ExtendedActorSystem)system).Provider).Quarantine(member.Address, member.UniqueAddress.Uid);
    }
}
