using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Remote;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Cluster;

/// <summary>
/// The job's voice on the control plane: waits for the workers' regions, tells every data shard to start, and reports
/// where they live; then listens for workers that fail or leave, and puts those out of the cluster that are lost.
/// </summary>
internal sealed class JobActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ResendInterval = TimeSpan.FromMilliseconds(300);

    private readonly JobSettings _settings;
    private readonly IActorRef _shards;
    private readonly TaskCompletionSource<Placement> _formed;
    private readonly Action<WorkerLostException> _lose;
    private readonly Action<JobException> _fail;
    private readonly HashSet<string> _lost;
    private JobFormation _formation;
    private int _regions;

    /// <param name="lose">Told of each worker that the cluster says is gone.</param>
    /// <param name="fail">Told why a worker can't go on with the job, nor any other.</param>
    public JobActor(
        JobSettings settings, IActorRef shards, TaskCompletionSource<Placement> formed, Action<WorkerLostException> lose, Action<JobException> fail)
    {
        (_settings, _shards, _formed, _lose, _fail) = (settings, shards, formed, lose, fail);
        _lost = [.. settings.Lost];
        _formation = JobFormation.Begin(settings.Job, settings.Shards, settings.Generation);
        Receive<Tick>(_ => Advance());
        Receive<Deadline>(_ => GiveUp());
        Receive<CurrentRegions>(regions => _regions = regions.Regions.Count(region => !_lost.Contains(NameOf(region))));
        Receive<ShardHosted>(Note);
        Receive<WorkerFailed>(Fail);
        Receive<ClusterEvent.UnreachableMember>(e => Lose(e.Member, "does not answer"));
        Receive<ClusterEvent.MemberRemoved>(e => Lose(e.Member, "left the cluster"));
        Receive<DownWorker>(down => Down(down.Worker));
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
        if (member.HasRole(Roles.Worker) && _lost.Add(NameOf(member.Address)))
            _lose(new WorkerLostException(NameOf(member.Address), what));
    }

    private void Fail(WorkerFailed failed)
    {
        if (failed.Job != _settings.Job)
            return;
        _fail(new JobException($"worker {failed.Worker}: {failed.Error}", (ExitCode)failed.ExitCode));
    }

    /// <summary>Its shards can live elsewhere when it is no member any more, and it learns that it is none.</summary>
    private void Down(string worker)
    {
        _lost.Add(worker);
        var cluster = Akka.Cluster.Cluster.Get(Context.System);
        foreach (var member in cluster.State.Members.Where(member => NameOf(member.Address) == worker))
        {
            cluster.Down(member.Address);
            // Without this the cluster removes it only when heartbeats have been missing for long enough.
            ((IRemoteActorRefProvider)((ExtendedActorSystem)Context.System).Provider).Quarantine(member.Address, member.UniqueAddress.Uid);
        }
    }

    private static string NameOf(Address address) => $"{address.Host}:{address.Port}";

    private void Stop()
    {
        for (var shard = 0; shard < _settings.Shards; shard++)
            _shards.Tell(new StopShard(IdOf(shard)));
        Context.Stop(Self);
    }

    private ShardId IdOf(int shard) => new(_settings.Job, shard, _settings.Shards);

    /// <summary>A worker is lost.</summary>
    public sealed record DownWorker(string Worker);

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
    string Job, int Shards, int Workers, long Generation, string TensorHost, int TensorPort, TimeSpan FormDeadline)
{
    /// <summary>Workers that are gone, whatever the cluster still holds of them.</summary>
    public ImmutableHashSet<string> Lost { get; init; } = [];
}
