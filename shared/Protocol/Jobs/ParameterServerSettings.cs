namespace DistMtl.Protocol.Jobs;

public enum ServerPlacement
{
    /// <summary>In the coordinator's process.</summary>
    Coordinator,

    /// <summary>One in each of the first workers' processes.</summary>
    Workers,
}

/// <summary>Where parameters live, are added up and updated.</summary>
/// <param name="Count">Servers that the parameters are cut among; the result does not depend on it.</param>
public sealed record ParameterServerSettings(int Count, ServerPlacement Placement)
{
    public const int MaxCount = 64;

    public static ParameterServerSettings Default { get; } = new(1, ServerPlacement.Coordinator);
}
