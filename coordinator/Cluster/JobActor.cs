using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Cluster;

/// <summary>
/// The job's voice on the control plane: waits for the workers' regions, tells every data shard to start, and reports
/// where they live; then listens for workers that fail or leave.
/// </summary>
internal sealed class JobActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ResendInterval = TimeSpan.FromMilliseconds(300);

    private readonly JobSettings _settings;
    private readonly IActorRef _shards;
    private readonly TaskCompletionSource<Placement> _formed;
    private readonly Action<JobException> _lost;
    private JobFormation _formation;
    private int _regions;

    public JobActor(JobSettings settings, IActorRef shards, TaskCompletionSource<Placement> formed, Action<JobException> lost)
    {
        (_settings, _shards, _formed, _lost) = (settings, shards, formed, lost);
        _formation = JobFormation.Begin(settings.Job, settings.Shards, settings.Generation);
        Receive<Tick>(_ => Advance());
        Receive<Deadline>(_ => GiveUp());
        Receive<CurrentRegions>(regions => _regions = regions.Regions.Count);
        Receive<ShardHosted>(Note);
        Receive<WorkerFailed>(failed => Lose(failed.Job, $"worker {failed.Worker}: {failed.Error}", (ExitCode)failed.ExitCode));
        Receive<ClusterEvent.UnreachableMember>(e => Lose(e.Member, "does not answer"));
        Receive<ClusterEvent.MemberRemoved>(e => Lose(e.Member, "left the cluster"));
        Receive<StopJob>(_ => Stop());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Akka.Cluster.Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.MemberRemoved));
        Timers.StartPeriodicTimer("tick", Tick.Instance, TimeSpan.Zero, ResendInterval);
        Timers.StartSingleTimer("deadline", Deadline.Instance, _settings.FormDeadline);
    }

    protected override void PostStop() => Akka.Cluster.Cluster.Get(Context.System).Unsubscribe(Self);

    /// <summary>Shards are allocated when they are first spoken to, so that waits until all workers' regions are known.</summary>
    private void Advance()
    {
        if (_regions < _settings.Workers)
        {
            _shards.Tell(GetCurrentRegions.Instance);
            return;
        }
        foreach (var shard in _formation.Missing)
            _shards.Tell(new StartShard(IdOf(shard), _settings.Generation, _settings.TensorHost, _settings.TensorPort));
    }

    private void Note(ShardHosted hosted)
    {
        _formation = _formation.With(hosted);
        if (!_formation.IsComplete || !_formed.TrySetResult(_formation.ToPlacement()))
            return;
        Timers.Cancel("tick");
        Timers.Cancel("deadline");
    }

    private void GiveUp()
    {
        var seconds = _settings.FormDeadline.TotalSeconds;
        _formed.TrySetException(new JobException(
            _regions < _settings.Workers
                ? $"{_regions} of {_settings.Workers} workers joined the cluster within {seconds:0} s"
                : $"data shards {string.Join(", ", _formation.Missing)} did not start within {seconds:0} s",
            ExitCode.ClusterLost));
    }

    private void Lose(Member member, string what)
    {
        if (member.HasRole(Roles.Worker))
            Lose(_settings.Job, $"worker {member.Address.Host}:{member.Address.Port} {what}", ExitCode.ClusterLost);
    }

    private void Lose(string job, string what, ExitCode exitCode)
    {
        if (job != _settings.Job)
            return;
        var error = new JobException(what, exitCode);
        _formed.TrySetException(error);
        _lost(error);
    }

    private void Stop()
    {
        for (var shard = 0; shard < _settings.Shards; shard++)
            _shards.Tell(new StopShard(IdOf(shard)));
        Context.Stop(Self);
    }

    private ShardId IdOf(int shard) => new(_settings.Job, shard, _settings.Shards);

    /// <summary>The job is over; its data shards may go.</summary>
    public sealed class StopJob
    {
        public static readonly StopJob Instance = new();
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed class Deadline
    {
        public static readonly Deadline Instance = new();
    }
}

/// <param name="Job">The run's id, unique in the cluster.</param>
/// <param name="Workers">How many workers the job waits for.</param>
/// <param name="FormDeadline">For workers and shards to be there.</param>
internal sealed record JobSettings(
    string Job, int Shards, int Workers, long Generation, string TensorHost, int TensorPort, TimeSpan FormDeadline);
