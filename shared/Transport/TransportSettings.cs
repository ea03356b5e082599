namespace DistMtl.Transport;

/// <summary>Deadlines of the tensor plane, its window, and who is trusted.</summary>
/// <param name="ConnectTimeout">For a connection to be made, attempts, TLS and the peer's greeting included.</param>
/// <param name="HelloTimeout">For a new connection to say who it is.</param>
/// <param name="SendTimeout">For the peer to take a piece of a frame, to give credit for the next frame, and to go on inside a frame.</param>
public sealed record TransportSettings(TimeSpan ConnectTimeout, TimeSpan HelloTimeout, TimeSpan SendTimeout)
{
    public static TransportSettings Default { get; } = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    /// <summary>
    /// Bytes of frames that a peer may send ahead of their being consumed here. Memory for frames is at most this, or two
    /// frames where they are larger than three eighths of it.
    /// </summary>
    public long WindowBytes { get; init; } = 32 << 20;

    /// <summary>Null: neither encryption nor proof of who the peer is.</summary>
    public TlsSettings? Tls { get; init; }
}
