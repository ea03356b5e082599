using System.Net;

namespace DistMtl.Clustering;

/// <summary>How one process takes part in the cluster.</summary>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="Host">Address that the other nodes reach this one by.</param>
/// <param name="Port">0: any free one.</param>
/// <param name="Join">The node to join, as host:port; null: found a cluster of its own.</param>
public sealed record NodeSettings(string Role, string Host, int Port, string? Join)
{
    /// <summary>Name of the actor system; all nodes of a cluster share it.</summary>
    public const string SystemName = "distmtl";

    /// <summary>The port that a coordinator service listens on unless told otherwise.</summary>
    public const int DefaultPort = 4053;

    /// <summary>An address is listened on as it is; a name that others reach this node by, on all addresses.</summary>
    public IPAddress BindAddress => IPAddress.TryParse(Host, out var address) ? address : IPAddress.Any;

    public string? SeedNode => Join is null ? null : $"akka.tcp://{SystemName}@{Join}";
}
