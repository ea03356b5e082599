using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Hosting;
using DistMtl.Clustering;
using DistMtl.Transport;
using Microsoft.Extensions.Logging.Console;

namespace DistMtl.Coordinator.Cluster;

/// <summary>Where a coordinator listens.</summary>
/// <param name="Host">Name or address that workers reach it by; loopback for a cluster on one machine.</param>
/// <param name="Port">Cluster port; 0: any free one.</param>
/// <param name="TensorPort">Port of the tensor plane; 0: any free one.</param>
/// <param name="Tls">By which the tensor plane knows its workers; null: it lets in whoever names the job.</param>
internal sealed record NodeAddress(string Host, int Port, int TensorPort, TlsSettings? Tls = null)
{
    public static NodeAddress Loopback { get; } = new("127.0.0.1", 0, 0);
}

/// <summary>The coordinator as the first node of its cluster: actor system, proxy to the data shards, tensor plane.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private static readonly TimeSpan JoinDeadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LeaveDeadline = TimeSpan.FromSeconds(5);

    private readonly IHost _host;
    private readonly StrongBox<bool> _ending;

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

    public static async Task<ClusterNode> StartAsync(NodeAddress address, CancellationToken cancellation)
    {
        var settings = new NodeSettings(Roles.Coordinator, address.Host, address.Port, Join: null);
        var tensors = TensorListener.Bind(settings.BindAddress, address.TensorPort, TransportSettings.Default with { Tls = address.Tls });
        var ending = new StrongBox<bool>();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter(level => level >= LogLevel.Error && !ending.Value);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka.AddLog(from: Akka.Event.LogLevel.ErrorLevel).AddNode(settings));
        var services = builder.Build();
        await services.StartAsync(cancellation);
        var system = services.Services.GetRequiredService<ActorSystem>();
        var cluster = Akka.Cluster.Cluster.Get(system);
        await cluster.JoinAsync(cluster.SelfAddress, cancellation).WaitAsync(JoinDeadline, cancellation);
        return new ClusterNode(services, system, tensors, address.Host, ending);
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
