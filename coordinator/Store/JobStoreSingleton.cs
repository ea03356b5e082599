using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Akka.Pattern;
using DistMtl.Clustering;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Store;

/// <summary>The job store's actor lives on one coordinator, the oldest; where it is, there is the work.</summary>
internal static class JobStoreSingleton
{
    private const string Name = "job-store";

    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(2);

    /// <summary>On every coordinator.</summary>
    /// <param name="warn">Told, where this is one of several coordinators, that it cannot read the store; null: it is the only one.</param>
    /// <returns>Asks where the coordinator at work takes jobs; null: nobody is.</returns>
    public static Func<Task<string?>> Start(ActorSystem system, JobStore store, Action<string>? warn)
    {
        if (warn is not null)
            system.ActorOf(Props.Create(() => new StandbyReader(warn)), "standby-reader");
        // Its actor stops when a write fails, and reads the store anew.
        var supervised = BackoffSupervisor.Props(Backoff.OnStop(
            Props.Create(() => new JobStoreActor(store)), Name, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1), randomFactor: 0.1, maxNrOfRetries: -1));
        system.ActorOf(
            ClusterSingletonManager.Props(supervised, PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithRole(Roles.Coordinator).WithSingletonName(Name)),
            "job-store-manager");
        var proxy = system.ActorOf(
            ClusterSingletonProxy.Props("/user/job-store-manager", ClusterSingletonProxySettings.Create(system).WithRole(Roles.Coordinator).WithSingletonName(Name)),
            "job-store-proxy");
        return async () =>
        {
            var answer = proxy.Ask<ServiceAt>(new AskService(), AnswerDeadline);
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return answer.IsCompletedSuccessfully ? answer.Result.Http : null;
        };
    }
}
