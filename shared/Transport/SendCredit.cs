namespace DistMtl.Transport;

/// <summary>
/// The sender's side of the window: a frame is begun only when the peer has room for it. One frame waits at a time.
/// </summary>
/// <param name="timeout">A peer that consumes nothing for so long, with its window full, is given up.</param>
internal sealed class SendCredit(TimeSpan timeout)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _changed;
    private Exception? _failure;
    private long _sent;
    private long _consumed;
    private long _window;

    /// <returns>What was taken; null: the peer has no room for the frame now.</returns>
    /// <exception cref="IOException">The connection is lost.</exception>
    public long? TryTake(int headerBytes, long payloadBytes)
    {
        lock (_gate)
        {
            if (_failure is not null)
                throw new IOException($"the connection is lost: {_failure.Message}", _failure);
            var charge = ReceiveCredit.Charge(_window, headerBytes, payloadBytes);
            if (_sent - _consumed + charge > _window)
                return null;
            _sent += charge;
            return charge;
        }
    }

    /// <summary>Waits until the peer has room for a frame.</summary>
    /// <returns>What was taken.</returns>
    /// <exception cref="TimeoutException">The peer consumed nothing for the whole timeout.</exception>
    /// <exception cref="IOException">The connection was lost meanwhile.</exception>
    public async ValueTask<long> TakeAsync(int headerBytes, long payloadBytes, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                Task changed;
                lock (_gate)
                {
                    if (TryTake(headerBytes, payloadBytes) is { } charge)
                        return charge;
                    changed = (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }
                await changed.WaitAsync(timeout, cancellation);
            }
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"the peer took no data for {timeout.TotalSeconds:0.#} s: it has consumed nothing of the {_window} bytes that it was sent");
        }
    }

    /// <summary>Nothing of the frame was sent after all.</summary>
    public void Return(long charge)
    {
        lock (_gate)
        {
            _sent -= charge;
            Pulse();
        }
    }

    /// <summary>The peer says how much it has consumed, and how much it holds.</summary>
    /// <exception cref="FrameException">It can't be so.</exception>
    public void Grant(long consumed, long window)
    {
        lock (_gate)
        {
            if (consumed < _consumed || consumed > _sent || window <= 0 || _window != 0 && window != _window)
                throw new FrameException($"the peer says that it has consumed {consumed} bytes, with a window of {window}; it was sent {_sent}");
            (_consumed, _window) = (consumed, window);
            Pulse();
        }
    }

    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            Pulse();
        }
    }

    private void Pulse()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
