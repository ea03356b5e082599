using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Cluster;

/// <summary>
/// The job's voice on the control plane: waits for the workers' regions, tells every data shard to start, and reports
/// where they live; then listens for workers that fail, leave or come, and puts those out of the cluster that are lost.
/// </summary>
internal sealed class JobActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ResendInterval = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(10);

    private readonly JobSettings _settings;
    private readonly IActorRef _shards;
    private readonly TaskCompletionSource<Placement> _formed;
    private readonly IMembership _membership;
    private readonly HashSet<string> _lost;
    private readonly HashSet<string> _up = [];
    private JobFormation _formation;
    private int _wanted;
    private int _regions;

    /// <param name="formed">Told where the shards live, or why they do not.</param>
    public JobActor(JobSettings settings, IActorRef shards, TaskCompletionSource<Placement> formed, IMembership membership)
    {
        (_settings, _shards, _formed, _membership) = (settings, shards, formed, membership);
        (_wanted, _lost) = (settings.Workers, [.. settings.Lost]);
        _formation = JobFormation.Begin(settings.Job, settings.Shards, settings.Generation);
        Receive<Tick>(_ => Advance());
        Receive<Deadline>(_ => GiveUp());
        Receive<CurrentRegions>(Count);
        Receive<ShardHosted>(Note);
        Receive<WorkerFailed>(Fail);
        Receive<WorkerLeaving>(Leave);
        Receive<ClusterEvent.MemberUp>(e => Come(e.Member));
        Receive<ClusterEvent.UnreachableMember>(e => Lose(e.Member, "does not answer"));
        Receive<ClusterEvent.MemberRemoved>(e => Remove(e.Member));
        Receive<DownWorker>(down => Down(down.Worker));
        Receive<Look>(_ => _shards.Tell(new GetClusterShardingStats(LookInterval)));
        Receive<ClusterShardingStats>(Welcome);
        Receive<StopJob>(_ => Stop());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Akka.Cluster.Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.MemberRemoved));
        Timers.StartPeriodicTimer("tick", Tick.Instance, TimeSpan.Zero, ResendInterval);
        Timers.StartSingleTimer("deadline", Deadline.Instance, _settings.FormDeadline);
    }

    protected override void PostStop() => Akka.Cluster.Cluster.Get(Context.System).Unsubscribe(Self);

    private void Advance()
    {
        _membership.Await(_regions < _wanted ? $"{_regions} of {_wanted} workers have joined" : $"data shards {string.Join(' ', _formation.Missing)} have not started");
        _shards.Tell(GetCurrentRegions.Instance);
    }

    /// <summary>Shards are allocated when they are first spoken to, so that waits until all workers' regions are known.</summary>
    private void Count(CurrentRegions regions)
    {
        _regions = regions.Regions.Count(region => !_lost.Contains(NodeName.Of(region)));
        if (_regions < _wanted || IsBehind(regions))
            return;
        foreach (var shard in _formation.Missing)
            _shards.Tell(new StartShard(IdOf(shard), _settings.Generation, _settings.TensorHost, _settings.TensorPort));
    }

    /// <summary>
    /// Whether who keeps the placement has still to learn that a worker is gone. Until then it would tell this node, which may have
    /// forgotten that worker already, that its shards live there; and what they are sent would go there until a connection that nobody
    /// answers has timed out.
    /// </summary>
    private static bool IsBehind(CurrentRegions regions) => regions.Regions.Any(region => IsGone(NodeName.Of(region)));

    /// <summary>Whether a worker is no member of the cluster any more, or has been put out.</summary>
    private static bool IsGone(string worker) => Akka.Cluster.Cluster.Get(Context.System).State.Members
        .FirstOrDefault(member => NodeName.Of(member.Address) == worker) is null or { Status: MemberStatus.Down };

    private void Note(ShardHosted hosted)
    {
        if (_lost.Contains(hosted.Worker))
            return;
        _formation = _formation.With(hosted);
        if (!_formation.IsComplete || !_formed.TrySetResult(_formation.ToPlacement()))
            return;
        Timers.Cancel("tick");
        Timers.Cancel("deadline");
        LookForNewcomers();
    }

    private IEnumerable<string> Newcomers => _up.Except(_lost).Except(_formation.Hosts.Values);

    private void Come(Member member)
    {
        if (!member.HasRole(Roles.Worker))
            return;
        _up.Add(NodeName.Of(member.Address));
        LookForNewcomers();
    }

    /// <summary>They are of use when the cluster has freed shards for them, which takes a moment.</summary>
    private void LookForNewcomers()
    {
        if (_formation.IsComplete && _formation.Hosts.Values.Distinct().Count() < _settings.Shards && Newcomers.Any())
            Timers.StartPeriodicTimer("look", Look.Instance, LookInterval);
    }

    private void Welcome(ClusterShardingStats stats)
    {
        var newcomers = Newcomers.Where(worker => stats.Regions.Keys.Any(region => NodeName.Of(region) == worker)).ToList();
        if (newcomers.Count == 0 || !ContiguousAllocation.IsSettled(stats, _settings.Shards))
            return;
        Timers.Cancel("look");
        foreach (var worker in newcomers)
            _membership.Join(worker);
    }

    private void GiveUp()
    {
        var seconds = _settings.FormDeadline.TotalSeconds;
        // Those who are there are enough; who comes later finds a place behind a step.
        if (_regions < _wanted && _regions >= _settings.MinWorkers)
        {
            _wanted = _regions;
            Timers.StartSingleTimer("deadline", Deadline.Instance, _settings.FormDeadline);
            return;
        }
        _formed.TrySetException(new JobException(
            _regions < _wanted
                ? $"{_regions} of {_settings.Workers} workers joined the cluster within {seconds:0} s"
                : $"data shards {string.Join(", ", _formation.Missing)} did not start within {seconds:0} s",
            ExitCode.ClusterLost));
    }

    private void Lose(Member member, string what)
    {
        var worker = NodeName.Of(member.Address);
        _up.Remove(worker);
        // One that has no shard is no loss.
        if (member.HasRole(Roles.Worker) && !(_formation.IsComplete && !_formation.Hosts.ContainsValue(worker)) && _lost.Add(worker))
            _membership.Lose(new WorkerLostException(worker, what));
    }

    private void Remove(Member member)
    {
        Lose(member, "left the cluster");
        if (_lost.Remove(NodeName.Of(member.Address)))
            _membership.Forget(NodeName.Of(member.Address));
    }

    private void Leave(WorkerLeaving leaving)
    {
        if (leaving.Job == _settings.Job && _lost.Add(leaving.Worker))
            _membership.Leave(leaving.Worker);
    }

    private void Fail(WorkerFailed failed)
    {
        if (failed.Job == _settings.Job)
            _membership.GiveUp(WorkerLostException.Of(failed.Worker, failed.Error, (ExitCode)failed.ExitCode));
    }

    /// <summary>Its shards can live elsewhere when it is no member any more.</summary>
    private void Down(string worker)
    {
        _lost.Add(worker);
        foreach (var member in Akka.Cluster.Cluster.Get(Context.System).State.Members.Where(member => NodeName.Of(member.Address) == worker))
            Membership.PutOut(Context.System, member);
    }

    private void Stop()
    {
        Stop(_formation.Hosts.Where(host => !IsGone(host.Value)).Select(host => host.Key));
        if (_formation.IsComplete)
            Context.Stop(Self);
        else
            Become(Ending);
    }

    /// <summary>Shards that may have started, nobody knows where.</summary>
    private void Ending()
    {
        Timers.StartSingleTimer("deadline", Deadline.Instance, EndDeadline);
        Receive<Tick>(_ => _shards.Tell(GetCurrentRegions.Instance));
        Receive<CurrentRegions>(
            regions =>
            {
                Stop(_formation.Missing);
                Context.Stop(Self);
            },
            regions => !IsBehind(regions));
        Receive<Deadline>(_ => Context.Stop(Self));
        ReceiveAny(_ => { });
    }

    private void Stop(IEnumerable<int> shards)
    {
        foreach (var shard in shards)
            _shards.Tell(new StopShard(IdOf(shard)));
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

    /// <summary>Whether shards have room to move to who has come.</summary>
    private sealed class Look
    {
        public static readonly Look Instance = new();
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

    /// <summary>The job can begin with so many, if no more have come before the deadline.</summary>
    public int MinWorkers { get; init; } = 1;
}
