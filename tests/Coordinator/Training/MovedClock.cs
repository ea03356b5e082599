namespace DistMtl.Coordinator.Tests.Training;

/// <summary>Time that passes when the test says so, timers included.</summary>
internal sealed class MovedClock : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(() => callback(state), _now + dueTime, period);
        _timers.Add(timer);
        return timer;
    }

    public void Move(TimeSpan by)
    {
        var end = _now + by;
        while (_timers.Where(timer => !timer.IsDisposed && timer.Due <= end).MinBy(timer => timer.Due) is { } due)
        {
            _now = due.Due;
            due.Due += due.Period;
            due.Ring();
        }
        _now = end;
    }

    private sealed class Timer(Action ring, TimeSpan due, TimeSpan period) : ITimer
    {
        public Action Ring => ring;

        public TimeSpan Due { get; set; } = due;

        public TimeSpan Period => period;

        public bool IsDisposed { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => IsDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
