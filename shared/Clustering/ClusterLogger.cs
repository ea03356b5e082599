using Akka.Actor;
using Akka.Event;
using Akka.Hosting.Logging;

namespace DistMtl.Clustering;

/// <summary>
/// Akka's log, on the process's own. It leaves out that a connection to another node has ended, which Akka logs as an error
/// with a stack trace whatever the reason: membership and the tensor plane say who is gone, and what comes of it.
/// </summary>
public sealed class ClusterLogger : LoggerFactoryLogger
{
    /// <summary>The type is Akka's own and not public.</summary>
    private const string Ended = "Akka.Remote.EndpointDisassociatedException";

    protected override void Log(LogEvent log, ActorPath path)
    {
        if (log.Cause?.GetType().FullName != Ended)
            base.Log(log, path);
    }
}
