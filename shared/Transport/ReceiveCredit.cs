namespace DistMtl.Transport;

/// <summary>
/// The receiver's side of the window: what has come and what of it is consumed, both summed up since the connection's
/// beginning. A peer that sends more than it may is found, and memory stays bounded whoever the peer is.
/// </summary>
/// <param name="window">Bytes that may be here unconsumed.</param>
/// <param name="announce">Tells the peer how much is consumed; called when that is news worth a record.</param>
internal sealed class ReceiveCredit(long window, Action announce)
{
    /// <summary>Counted for each frame beside its bytes: objects that hold it, so that empty frames are bounded, too.</summary>
    private const int FrameOverhead = 256;

    private long _received;
    private long _consumed;
    private long _announced;

    public long Window { get; } = window;

    public long Consumed => Interlocked.Read(ref _consumed);

    public long Unconsumed => Interlocked.Read(ref _received) - Consumed;

    /// <summary>
    /// What a frame counts. At most 3/8 of the window: so a frame of any length can be sent, and another one behind it
    /// without a pause, though up to a quarter may be consumed and not announced yet.
    /// </summary>
    public static long Charge(long window, int headerBytes, long payloadBytes) => Math.Min(FrameOverhead + headerBytes + payloadBytes, window / 8 * 3);

    /// <summary>A frame has begun to arrive.</summary>
    /// <returns>What is to be released when the frame is consumed.</returns>
    /// <exception cref="FrameException">The peer had no credit for it.</exception>
    public long Admit(int headerBytes, long payloadBytes)
    {
        var charge = Charge(Window, headerBytes, payloadBytes);
        if (Interlocked.Add(ref _received, charge) - Consumed > Window)
            throw new FrameException($"the peer sent more than the {Window} bytes that it may send ahead");
        return charge;
    }

    public void Release(long charge)
    {
        // A quarter is news soon enough: who waits for room for another 3/8 has more than that outstanding.
        if (Interlocked.Add(ref _consumed, charge) - Interlocked.Read(ref _announced) >= Window / 4)
            announce();
    }

    /// <summary>What is consumed, for a record that is about to be sent.</summary>
    public long Announce()
    {
        var consumed = Consumed;
        Interlocked.Exchange(ref _announced, consumed);
        return consumed;
    }
}
