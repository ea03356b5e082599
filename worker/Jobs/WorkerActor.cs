using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Remote;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// The worker's one actor beside its data shards: opens a session with the coordinator's tensor plane for the first
/// shard of a job, and closes it with the last. A newer generation replaces the session of an older one.
/// </summary>
internal sealed class WorkerActor : ReceiveActor, IWithTimers
{
    /// <summary>For the next generation of a run to begin; then its rows are let go.</summary>
    private static readonly TimeSpan RowsKept = TimeSpan.FromMinutes(1);

    private readonly string _name;
    private readonly TransportSettings _transport;
    private readonly Action<string> _warn;
    private readonly ShardStore _store = new();
    private readonly Dictionary<string, Hosting> _jobs = [];
    private IActorRef? _leaver;
    private long _newest;
    private int _refused;

    /// <param name="coordinators">Their cluster addresses, HOST:PORT.</param>
    /// <param name="warn">Told why a job's session has ended that should not have.</param>
    public WorkerActor(IReadOnlyList<string> coordinators, TransportSettings transport, Action<string> warn)
    {
        (_transport, _warn) = (transport, warn);
        _name = NodeName.Of(Cluster.Get(Context.System).SelfAddress);
        Receive<StartShard>(Start);
        Receive<StopShard>(Stop);
        Receive<SessionEnded>(End);
        Receive<HandOver>(_ => Leave());
        Receive<Forget>(_ => _store.Clear());
        // Once put out of the cluster a node is never heard again; only a new one is.
        Receive<ThisActorSystemQuarantinedEvent>(
            e => CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance),
            e => coordinators.Contains(NodeName.Of(e.RemoteAddress)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));

    protected override void PostStop()
    {
        foreach (var hosting in _jobs.Values)
            hosting.Cancellation.Cancel();
    }

    private void Start(StartShard start)
    {
        // Its shards are about to live elsewhere, where they are asked again.
        if (_leaver is not null)
            return;
        // Of a coordinator that another has taken over from, or of a generation that is over.
        if (start.Generation < _newest)
        {
            if (_refused++ == 0)
                _warn($"a message of generation {start.Generation} is refused: generation {_newest} has begun");
            return;
        }
        if (start.Generation > _newest)
            (_newest, _refused) = (start.Generation, 0);
        if (_jobs.TryGetValue(start.Shard.Job, out var hosting) && start.Generation > hosting.Generation)
        {
            hosting.Cancellation.Cancel();
            hosting = null;
        }
        if (hosting is null)
        {
            Timers.Cancel(nameof(Forget));
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
        Remove(stop.Shard.Job);
    }

    private Hosting Open(StartShard start)
    {
        var cancellation = new CancellationTokenSource();
        var coordinator = Sender;
        JobSession.RunAsync(start.Shard.Job, _name, start.TensorHost, start.TensorPort, _transport, _store, cancellation.Token).PipeTo(
            Self,
            success: () => new SessionEnded(start.Shard.Job, start.Generation, coordinator, null),
            failure: error => new SessionEnded(start.Shard.Job, start.Generation, coordinator, error));
        return new Hosting(start.Generation, coordinator, cancellation, []);
    }

    private void End(SessionEnded ended)
    {
        if (_jobs.TryGetValue(ended.Job, out var hosting) && hosting.Generation == ended.Generation)
            Remove(ended.Job);
        if (ended.Error is null or OperationCanceledException)
            return;
        // A connection that ends is the coordinator's doing or its loss: there it is told.
        if (ended.Error is not IOException)
            _warn($"job {ended.Job}: {ended.Error.Message}");
        var exitCode = ended.Error is JobException job ? job.ExitCode : ended.Error is IOException ? ExitCode.ClusterLost : ExitCode.Failure;
        var text = ended.Error is JobException ? ended.Error.Message : $"{ended.Error.GetType().Name}: {ended.Error.Message}";
        ended.Coordinator.Tell(new WorkerFailed(ended.Job, _name, text, (int)exitCode));
    }

    private void Remove(string job)
    {
        _jobs.Remove(job);
        if (_jobs.Count > 0)
            return;
        _leaver?.Tell(Done.Instance);
        Timers.StartSingleTimer(nameof(Forget), Forget.Instance, RowsKept);
    }

    /// <summary>Shards go to other workers from now on; what a job computes here it computes until it has formed up without this one.</summary>
    private void Leave()
    {
        _leaver = Sender;
        ClusterSharding.Get(Context.System).ShardRegion(ShardRegions.TypeName).Tell(GracefulShutdown.Instance);
        foreach (var (job, hosting) in _jobs)
            hosting.Coordinator.Tell(new WorkerLeaving(job, _name));
        if (_jobs.Count == 0)
            _leaver.Tell(Done.Instance);
    }

    /// <summary>Asks to be told, by <see cref="Done"/>, when no job needs this worker any more.</summary>
    public sealed class HandOver
    {
        public static readonly HandOver Instance = new();
    }

    private sealed class Forget
    {
        public static readonly Forget Instance = new();
    }

    private sealed record Hosting(long Generation, IActorRef Coordinator, CancellationTokenSource Cancellation, HashSet<int> Shards);

    private sealed record SessionEnded(string Job, long Generation, IActorRef Coordinator, Exception? Error);
}
