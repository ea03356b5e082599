using System.Net;
using Akka.Actor;
using Akka.Hosting;
using DistMtl.Clustering;
using DistMtl.Transport;
using Microsoft.Extensions.Logging.Console;

namespace DistMtl.Coordinator.Cluster;

/// <summary>The coordinator as the first node of its cluster: actor system, proxy to the data shards, tensor plane.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private static readonly TimeSpan LeaveDeadline = TimeSpan.FromSeconds(5);

    private readonly IHost _host;

    private ClusterNode(IHost host, ActorSystem system, TensorListener tensors, string advertisedHost)
    {
        _host = host;
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

    /// <param name="host">Address to be reached by; loopback for a cluster on one machine.</param>
    /// <param name="port">Cluster port; 0: any free one.</param>
    /// <param name="tensorPort">Port of the tensor plane; 0: any free one.</param>
    public static async Task<ClusterNode> StartAsync(string host, int port, int tensorPort, CancellationToken cancellation)
    {
        // Loopback stays on loopback; a node that others reach by name listens on all its addresses.
        var bind = IPAddress.TryParse(host, out var address) ? address : IPAddress.Any;
        var tensors = TensorListener.Bind(bind, tensorPort, TransportSettings.Default);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Error);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddAkka(NodeSettings.SystemName, akka => akka
            .ConfigureLoggers(logging => logging.AddLoggerFactory())
            .AddNode(new NodeSettings(Roles.Coordinator, host, port, Join: null)));
        var services = builder.Build();
        await services.StartAsync(cancellation);
        var system = services.Services.GetRequiredService<ActorSystem>();
        var cluster = Akka.Cluster.Cluster.Get(system);
        await cluster.JoinAsync(cluster.SelfAddress, cancellation);
        return new ClusterNode(services, system, tensors, host);
    }

    public async ValueTask DisposeAsync()
    {
        Tensors.Dispose();
        try
        {
            await CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(LeaveDeadline);
        }
        catch (TimeoutException)
        {
            // The process ends anyway; the cluster removes a node that does not say goodbye.
        }
        _host.Dispose();
    }
}
