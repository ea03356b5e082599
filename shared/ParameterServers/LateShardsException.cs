namespace DistMtl.ParameterServers;

/// <summary>Gradients of some data shards are not here before a step's deadline.</summary>
/// <param name="shards">Whose; ascending.</param>
public sealed class LateShardsException(string message, IReadOnlyList<int> shards) : TimeoutException(message)
{
    public IReadOnlyList<int> Shards => shards;
}
