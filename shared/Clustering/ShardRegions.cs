using Akka.Actor;
using Akka.Cluster.Sharding;

namespace DistMtl.Clustering;

/// <summary>Data shards as entities of Akka.Cluster.Sharding: they live on workers, the coordinator talks to them by a proxy.</summary>
public static class ShardRegions
{
    public const string TypeName = "data-shard";

    /// <summary>On a worker: hosts data shards.</summary>
    public static IActorRef StartRegion(ActorSystem system, Func<string, Props> entityProps)
    {
        var sharding = ClusterSharding.Get(system);
        return sharding.Start(
            TypeName,
            entityProps,
            ClusterShardingSettings.Create(system).WithRole(Roles.Worker),
            new ShardExtractor(),
            new ContiguousAllocation(Akka.Cluster.Cluster.Get(system).SelfAddress),
            PoisonPill.Instance);
    }

    /// <summary>On the coordinator: sends to data shards, wherever they live.</summary>
    public static IActorRef StartProxy(ActorSystem system) =>
        ClusterSharding.Get(system).StartProxy(TypeName, Roles.Worker, new ShardExtractor());
}
