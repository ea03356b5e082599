namespace DistMtl.Transport;

/// <summary>Deadlines of the tensor plane.</summary>
/// <param name="ConnectTimeout">For a connection to be made.</param>
/// <param name="HelloTimeout">For a new connection to say who it is.</param>
/// <param name="SendTimeout">For one frame to be taken by the peer.</param>
public sealed record TransportSettings(TimeSpan ConnectTimeout, TimeSpan HelloTimeout, TimeSpan SendTimeout)
{
    public static TransportSettings Default { get; } = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));
}
