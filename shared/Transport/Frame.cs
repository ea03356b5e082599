namespace DistMtl.Transport;

/// <summary>
/// One received frame. The receiver disposes it, or detaches the payload and then disposes it: until then its bytes count
/// against what the peer may send.
/// </summary>
public sealed class Frame(FrameKind kind, byte[] header, TensorBuffer payload) : IDisposable
{
    private ReceiveCredit? _credit;
    private long _charge;

    public FrameKind Kind { get; } = kind;

    public TensorBuffer Payload { get; } = payload;

    /// <exception cref="FrameException">The header is of another kind.</exception>
    public T Header<T>() => FrameFormat.Deserialize<T>(header);

    /// <summary>
    /// Lets the peer send on though this frame is kept: for one who needs many frames at once and disposes them together.
    /// </summary>
    public void Keep() => Interlocked.Exchange(ref _credit, null)?.Release(_charge);

    public void Dispose()
    {
        ((IDisposable)Payload).Dispose();
        Keep();
    }

    internal Frame Charged(ReceiveCredit credit, long charge)
    {
        (_credit, _charge) = (credit, charge);
        return this;
    }
}
