using Akka.Actor;
using Akka.Event;
using Akka.Hosting.Logging;

namespace DistMtl.Clustering;

/// <summary>
/// Akka's log, on the process's own. It leaves out that a connection to another node has ended or is not made, which Akka logs as an
/// error, with a stack trace, whatever the reason: membership and the tensor plane say who is gone, and what comes of it.
/// </summary>
public sealed class ClusterLogger : LoggerFactoryLogger
{
    /// <summary>The type is Akka's own and not public.</summary>
    private const string Ended = "Akka.Remote.EndpointDisassociatedException";

    /// <summary>Where the actors of single connections are.</summary>
    private const string Transports = "/system/transports/";

    private const string NotMade = "AssociationError";

    /// <summary>What is told of as an error and tried again, or ends with the node: a run that waits for it says so itself.</summary>
    private static readonly string[] s_passing = ["updating-state-timeout", "Failure during shutdown of remoting"];

    /// <summary>The job store's actors, and Akka's for it: a database that is down is told of by the job store, with what comes of it.</summary>
    private static readonly string[] s_store = ["/user/job-store-manager", "/system/akka.persistence", "Akka.Persistence"];

    protected override void Log(LogEvent log, ActorPath path)
    {
        if (!IsOfConnection(log) && !IsOfJobStore(log) && !IsPassing(log))
            base.Log(log, path);
    }

    private static bool IsOfConnection(LogEvent log) =>
        log.Cause?.GetType().FullName == Ended || log.LogSource?.Contains(Transports, StringComparison.Ordinal) == true
        || log.Message?.ToString()?.StartsWith(NotMade, StringComparison.Ordinal) == true;

    private static bool IsPassing(LogEvent log) =>
        log.Message?.ToString() is { } text && Array.Exists(s_passing, passing => text.Contains(passing, StringComparison.Ordinal));

    private static bool IsOfJobStore(LogEvent log) =>
        Array.Exists(s_store, store => log.LogSource?.Contains(store, StringComparison.Ordinal) == true || log.LogClass?.Namespace?.StartsWith(store, StringComparison.Ordinal) == true);
}
