using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Event;
using Akka.Hosting;
using Akka.Remote.Hosting;
using DistMtl.Protocol.Messages;

namespace DistMtl.Clustering;

/// <summary>Makes a process a node of the cluster: remoting, membership, downing, serialisation.</summary>
public static class ClusterHosting
{
    /// <summary>
    /// What Akka.Hosting has no typed option for. Times: a silent node is unreachable after 5-6 s and removed after 8-9 s;
    /// with Akka's defaults it takes 5 and 26. The tensor plane's lost socket is the fast sign, this is the authority.
    /// Shards of a removed node move at once (Akka waits as long as the other side of a partition may take to stop itself): that no
    /// shard computes twice is the job's generation's doing, not that of the actors that stand for them.
    /// What stands for a shard stops at once, so that a hand-over that takes seconds is one to or from a node that has died meanwhile.
    /// A job asks its shards anew where they live whenever it forms up, so that their placement needs no more than a majority.
    /// A worker may be there before its coordinator, or a node be started anew: Akka would not try an address again for 5 s.
    /// Unregistered types would fall back to a serializer that carries type names.
    /// </summary>
    private const string Tuning =
        """
        akka {
          scheduler.tick-duration = 50 ms
          actor.serialization-settings.allow-unregistered-types = false
          coordinated-shutdown.exit-clr = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          coordinated-shutdown.run-by-actor-system-terminate = off
          log-dead-letters = off
          stdout-loglevel = OFF
          cluster {
            gossip-interval = 100 ms
            leader-actions-interval = 100 ms
            down-removal-margin = 100 ms
            retry-unsuccessful-join-after = 1 s
            failure-detector.heartbeat-interval = 500 ms
            failure-detector.acceptable-heartbeat-pause = 5 s
            split-brain-resolver.stable-after = 2 s
            distributed-data.gossip-interval = 200 ms
            distributed-data.notify-subscribers-interval = 100 ms
            sharding {
              state-store-mode = ddata
              remember-entities = off
              passivate-idle-entity-after = off
              retry-interval = 100 ms
              rebalance-interval = 1 s
              handoff-timeout = 2 s
              updating-state-timeout = 3 s
              waiting-for-state-timeout = 1 s
              coordinator-state.write-majority-plus = 0
              coordinator-state.read-majority-plus = 0
              distributed-data.majority-min-cap = 1
            }
          }
          remote.dot-netty.tcp.connection-timeout = 5 s
          remote.retry-gate-closed-for = 500 ms
        }
        """;

    /// <summary>Akka's log goes to the process's own.</summary>
    /// <param name="from">The least level that does.</param>
    public static AkkaConfigurationBuilder AddLog(this AkkaConfigurationBuilder builder, LogLevel from) => builder
        .ConfigureLoggers(logging =>
        {
            logging.LogLevel = from;
            // The first gives every logger access to the process's log, and is a logger itself, which the last replaces.
            logging.AddLoggerFactory().ClearLoggers().AddLogger<ClusterLogger>();
        });

    public static AkkaConfigurationBuilder AddNode(this AkkaConfigurationBuilder builder, NodeSettings settings) => builder
        .AddHocon(Tuning, HoconAddMode.Prepend)
        // The first coordinator founds a cluster of its own where no other answers in time: not because a machine is busy.
        .AddHocon($"akka.cluster.seed-node-timeout = {(settings.Role == Roles.Coordinator ? 3 : 1)} s", HoconAddMode.Prepend)
        .WithRemoting(new RemoteOptions { HostName = settings.BindAddress.ToString(), PublicHostName = settings.Host, Port = settings.Port })
        .WithClustering(new ClusterOptions
        {
            Roles = [settings.Role],
            SeedNodes = settings.SeedNodes,
            // The side with the oldest coordinator goes on, unless that is alone where two or more others see each other: then it
            // is the one that is gone. A lone coordinator goes on: its workers come back.
            SplitBrainResolver = new KeepOldestOption { DownIfAlone = true, Role = Roles.Coordinator },
        })
        .WithCustomSerializer("distmtl", [typeof(IClusterMessage)], system => new MessageSerializer(system));
}
