using Akka.Actor;

namespace DistMtl.Clustering;

/// <summary>What a node is called in messages, on the tensor plane and to people: HOST:PORT of its cluster address.</summary>
public static class NodeName
{
    public static string Of(Address address) => $"{address.Host}:{address.Port}";
}
