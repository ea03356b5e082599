namespace DistMtl.Coordinator.Training;

/// <summary>Rows per second over the last steps, for people; what is reported in the end is the whole run's.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private readonly Queue<(long Timestamp, int Rows)> _steps = new();
    private readonly long _start = time.GetTimestamp();
    private long _rows;

    /// <summary>Counts a step that has just ended.</summary>
    public double Add(int rows)
    {
        _steps.Enqueue((time.GetTimestamp(), rows));
        _rows += rows;
        var from = _start;
        while (time.GetElapsedTime(_steps.Peek().Timestamp) > Window)
        {
            (from, var old) = _steps.Dequeue();
            _rows -= old;
        }
        return _rows / Math.Max(Math.Min(time.GetElapsedTime(from).TotalSeconds, Window.TotalSeconds), 1e-3);
    }
}
