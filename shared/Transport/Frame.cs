namespace DistMtl.Transport;

/// <summary>One received frame. The receiver disposes it, or detaches the payload.</summary>
public sealed class Frame(FrameKind kind, byte[] header, TensorBuffer payload) : IDisposable
{
    public FrameKind Kind { get; } = kind;

    public TensorBuffer Payload { get; } = payload;

    /// <exception cref="FrameException">The header is of another kind.</exception>
    public T Header<T>() => FrameFormat.Deserialize<T>(header);

    public void Dispose() => ((IDisposable)Payload).Dispose();
}
