using System.Net;

namespace DistMtl.Clustering;

/// <summary>How one process takes part in the cluster.</summary>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="Host">Address that the other nodes reach this one by.</param>
/// <param name="Port">0: any free one.</param>
/// <param name="Join">
/// Nodes to join by, each as host:port; empty: found a cluster of its own. The one that is named first, and no other, founds a
/// cluster where none of the others answers.
/// </param>
public sealed record NodeSettings(string Role, string Host, int Port, IReadOnlyList<string> Join)
{
    /// <summary>Name of the actor system; all nodes of a cluster share it.</summary>
    public const string SystemName = "distmtl";

    /// <summary>The port that a coordinator service listens on unless told otherwise.</summary>
    public const int DefaultPort = 4053;

    /// <summary>An address is listened on as it is; a name that others reach this node by, on all addresses.</summary>
    public IPAddress BindAddress => IPAddress.TryParse(Host, out var address) ? address : IPAddress.Any;

    public string[] SeedNodes => [.. Join.Select(node => $"akka.tcp://{SystemName}@{node}")];

    /// <summary>The nodes of a list such as "10.0.0.5:4053,10.0.0.6:4053"; null: one of them is no HOST:PORT.</summary>
    public static IReadOnlyList<string>? ParseNodes(string text)
    {
        var nodes = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return nodes.Length > 0 && nodes.All(IsNode) ? nodes : null;
    }

    private static bool IsNode(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), out var port) && port is > 0 and < 65536;
    }
}
