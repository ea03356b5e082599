using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Transport;
using Microsoft.Extensions.Logging.Console;

namespace DistMtl.Coordinator.Cluster;

/// <summary>Where a coordinator listens.</summary>
/// <param name="Host">Name or address that workers reach it by; loopback for a cluster on one machine.</param>
/// <param name="Port">Cluster port; 0: any free one.</param>
/// <param name="TensorPort">Port of the tensor plane; 0: any free one.</param>
/// <param name="Peers">Cluster addresses of all coordinators, this one among them, in the same order for each; empty: it is the only one.</param>
/// <param name="Tls">By which the tensor plane knows its workers; null: it lets in whoever names the job.</param>
internal sealed record NodeAddress(string Host, int Port, int TensorPort, IReadOnlyList<string> Peers, TlsSettings? Tls = null)
{
    public static NodeAddress Loopback { get; } = new("127.0.0.1", 0, 0, []);
}

/// <summary>The coordinator as the first node of its cluster: actor system, proxy to the data shards, tensor plane.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private static readonly TimeSpan JoinDeadline = TimeSpan.FromSeconds(60);

    /// <summary>Terms are this far apart in generations: those of a term are newer than all of the terms before.</summary>
    private const int GenerationsPerTerm = 1 << 20;

    private static readonly TimeSpan PortDeadline = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan PortPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LeaveDeadline = TimeSpan.FromSeconds(5);

    private readonly IHost _host;
    private readonly StrongBox<bool> _ending;
    private long _generation;

    private ClusterNode(IHost host, ActorSystem system, TensorListener tensors, string advertisedHost, StrongBox<bool> ending)
    {
        _host = host;
        _ending = ending;
        System = system;
        Tensors = tensors;
        Host = advertisedHost;
        Shards = ShardRegions.StartProxy(system);
    }

    public ActorSystem System { get; }

    /// <summary>Sends to data shards, wherever they live.</summary>
    public IActorRef Shards { get; }

    public TensorListener Tensors { get; }

    /// <summary>Address that workers reach this node by.</summary>
    public string Host { get; }

    /// <summary>What workers are told to join.</summary>
    public string JoinAddress => $"{Host}:{Akka.Cluster.Cluster.Get(System).SelfAddress.Port}";

    /// <summary>Completes when this node is no member any more: it was told to end, or it was cut off from the others.</summary>
    public Task Ended => System.WhenTerminated;

    /// <summary>Why a coordinator ends that is no member any more.</summary>
    /// <returns>To be thrown.</returns>
    public static JobException CutOff(Exception? inner = null) => new(
        "this coordinator was cut off from the cluster, or did not answer for too long; it stops itself, for others may go on without it", ExitCode.CutOff, inner);

    /// <exception cref="JobException">This node is being put out of the cluster.</exception>
    public IActorRef Run(Props actor, string name)
    {
        try
        {
            return System.ActorOf(actor, name);
        }
        catch (InvalidOperationException e) when (Membership.IsOver(System))
        {
            throw CutOff(e);
        }
    }

    /// <summary>This coordinator is at work from now on.</summary>
    /// <param name="term">From the job store.</param>
    public void BeginTerm(long term) => Interlocked.Exchange(ref _generation, term * GenerationsPerTerm);

    /// <summary>Of the membership: 1 for the first, and one more whenever a run forms up.</summary>
    public long NextGeneration() => Interlocked.Increment(ref _generation);

    /// <param name="config">More settings of Akka's; null: none.</param>
    /// <exception cref="JobException">None of the other coordinators lets it in.</exception>
    public static async Task<ClusterNode> StartAsync(NodeAddress address, CancellationToken cancellation, Config? config = null)
    {
        var settings = new NodeSettings(Roles.Coordinator, address.Host, address.Port, address.Peers);
        var tensors = await BindAsync(settings.BindAddress, address.TensorPort, TransportSettings.Default with { Tls = address.Tls }, cancellation);
        var ending = new StrongBox<bool>();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter(level => level >= LogLevel.Error && !ending.Value);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .AddLog(from: Akka.Event.LogLevel.ErrorLevel)
            .AddNode(settings)
            .AddHocon(config ?? Config.Empty, HoconAddMode.Prepend)
            .WithActors((system, _) => system.ActorOf(Props.Create(() => new NodeWatch()), "node-watch")));
        var services = builder.Build();
        await services.StartAsync(cancellation);
        var system = services.Services.GetRequiredService<ActorSystem>();
        var cluster = Akka.Cluster.Cluster.Get(system);
        try
        {
            await (address.Peers.Count == 0 ? cluster.JoinAsync(cluster.SelfAddress, cancellation) : UpAsync(cluster)).WaitAsync(JoinDeadline, cancellation);
        }
        catch (TimeoutException e)
        {
            throw new JobException(
                $"none of the coordinators {string.Join(", ", address.Peers)} let this one in within {JoinDeadline.TotalSeconds:0} s; where none is up, {address.Peers[0]}, the first, must be started to found the cluster", ExitCode.ClusterLost, e);
        }
        return new ClusterNode(services, system, tensors, address.Host, ending);
    }

    /// <summary>Who is started again at once may come before the process whose place it takes is wholly gone.</summary>
    private static async Task<TensorListener> BindAsync(IPAddress address, int port, TransportSettings settings, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return TensorListener.Bind(address, port, settings);
            }
            catch (JobException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } && TimeProvider.System.GetElapsedTime(began) < PortDeadline)
            {
                await Task.Delay(PortPause, cancellation);
            }
        }
    }

    /// <summary>Akka joins by the list of peers by itself.</summary>
    private static Task UpAsync(Akka.Cluster.Cluster cluster)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(up.SetResult);
        return up.Task;
    }

    /// <summary>
    /// Leaves the cluster in good order, so that another coordinator takes over at once. Where there is no other the workers must
    /// see a lost connection: a cluster without a coordinator would go on, and none that comes later would find it.
    /// </summary>
    public async Task LeaveAsync()
    {
        ExpectTheEnd();
        var cluster = Akka.Cluster.Cluster.Get(System);
        if (!cluster.State.Members.Any(member => member.HasRole(Roles.Coordinator) && member.UniqueAddress != cluster.SelfUniqueAddress))
            return;
        var leaving = CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClusterLeavingReason.Instance).WaitAsync(LeaveDeadline);
        await ((Task)leaving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The cluster is about to be taken down: what Akka would log of lost nodes is not news.</summary>
    public void ExpectTheEnd() => _ending.Value = true;

    /// <summary>
    /// Nobody is left to say goodbye to: a run ends its own workers first, and a service's workers learn it from their
    /// lost connection.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        ExpectTheEnd();
        Tensors.Dispose();
        await ((Task)System.Terminate().WaitAsync(LeaveDeadline)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _host.Dispose();
    }
}
