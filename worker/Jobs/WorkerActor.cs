using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// The worker's one actor beside its data shards: opens a session with the coordinator's tensor plane for the first
/// shard of a job, and closes it with the last. A newer generation replaces the session of an older one.
/// </summary>
internal sealed class WorkerActor : ReceiveActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly string _name;
    private readonly TransportSettings _transport;
    private readonly Dictionary<string, Hosting> _jobs = [];

    public WorkerActor(TransportSettings transport)
    {
        _transport = transport;
        var address = Cluster.Get(Context.System).SelfAddress;
        _name = $"{address.Host}:{address.Port}";
        Receive<StartShard>(Start);
        Receive<StopShard>(Stop);
        Receive<SessionEnded>(ended => End(ended));
    }

    protected override void PostStop()
    {
        foreach (var hosting in _jobs.Values)
            hosting.Cancellation.Cancel();
    }

    private void Start(StartShard start)
    {
        if (_jobs.TryGetValue(start.Shard.Job, out var hosting) && start.Generation > hosting.Generation)
        {
            hosting.Cancellation.Cancel();
            hosting = null;
        }
        if (hosting is null)
        {
            hosting = Open(start);
            _jobs[start.Shard.Job] = hosting;
        }
        hosting.Shards.Add(start.Shard.Index);
        Sender.Tell(new ShardHosted(start.Shard, start.Generation, _name));
    }

    private void Stop(StopShard stop)
    {
        if (!_jobs.TryGetValue(stop.Shard.Job, out var hosting))
            return;
        hosting.Shards.Remove(stop.Shard.Index);
        if (hosting.Shards.Count > 0)
            return;
        hosting.Cancellation.Cancel();
        _jobs.Remove(stop.Shard.Job);
    }

    private Hosting Open(StartShard start)
    {
        var cancellation = new CancellationTokenSource();
        var coordinator = Sender;
        JobSession.RunAsync(start.Shard.Job, _name, start.TensorHost, start.TensorPort, _transport, cancellation.Token).PipeTo(
            Self,
            success: () => new SessionEnded(start.Shard.Job, start.Generation, coordinator, null),
            failure: error => new SessionEnded(start.Shard.Job, start.Generation, coordinator, error));
        return new Hosting(start.Generation, cancellation, []);
    }

    private void End(SessionEnded ended)
    {
        if (_jobs.TryGetValue(ended.Job, out var hosting) && hosting.Generation == ended.Generation)
            _jobs.Remove(ended.Job);
        if (ended.Error is null or OperationCanceledException)
            return;
        _log.Warning("job {0}: {1}", ended.Job, ended.Error.Message);
        var exitCode = ended.Error is JobException job ? job.ExitCode : ExitCode.ClusterLost;
        var text = ended.Error is JobException ? ended.Error.Message : $"{ended.Error.GetType().Name}: {ended.Error.Message}";
        ended.Coordinator.Tell(new WorkerFailed(ended.Job, _name, text, (int)exitCode));
    }

    private sealed record Hosting(long Generation, CancellationTokenSource Cancellation, HashSet<int> Shards);

    private sealed record SessionEnded(string Job, long Generation, IActorRef Coordinator, Exception? Error);
}
