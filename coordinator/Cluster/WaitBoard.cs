using System.Globalization;

namespace DistMtl.Coordinator.Cluster;

/// <summary>Something that a run waits for.</summary>
/// <param name="What">Such as "step 12".</param>
/// <param name="Missing">What it still lacks, part by part; empty: nothing that could be named.</param>
/// <param name="Since">When the wait began.</param>
/// <param name="Seconds">How long it has lasted.</param>
/// <param name="DeadlineSeconds">After how long something is done about it.</param>
internal sealed record WaitView(string What, IReadOnlyList<string> Missing, DateTimeOffset Since, double Seconds, double DeadlineSeconds)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Seconds:0} s for {What}{(Missing.Count > 0 ? ": " : "")}{string.Join("; ", Missing)} (until {DeadlineSeconds:0} s)");
}

/// <summary>What a run waits for now: in the status at any time, and in the log when it lasts.</summary>
internal sealed class WaitBoard : IDisposable
{
    /// <summary>A wait is told of when it has lasted so long, then each time that it has doubled.</summary>
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly Action<string> _notice;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly List<Wait> _waits = [];

    /// <param name="notice">Told of waits that last, on a thread of its own.</param>
    public WaitBoard(TimeProvider time, Action<string> notice)
    {
        (_time, _notice) = (time, notice);
        _timer = time.CreateTimer(_ => Look(), null, s_look, s_look);
    }

    public IReadOnlyList<WaitView> Current
    {
        get
        {
            lock (_gate)
                return [.. _waits.Select(ViewOf)];
        }
    }

    /// <summary>A wait that ends when what is returned is disposed.</summary>
    /// <param name="missing">Asked at any time, on another thread, for what is missing, part by part.</param>
    public IDisposable Begin(string what, TimeSpan deadline, Func<IEnumerable<string>> missing)
    {
        var wait = new Wait(this, what, deadline, missing, _time.GetTimestamp());
        lock (_gate)
            _waits.Add(wait);
        return wait;
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        foreach (var view in Due())
            _notice($"waiting {view}");
    }

    private List<WaitView> Due()
    {
        lock (_gate)
        {
            var due = _waits.Where(wait => _time.GetElapsedTime(wait.Began) >= wait.TellAt).ToList();
            foreach (var wait in due)
                wait.TellAt *= 2;
            return [.. due.Select(ViewOf)];
        }
    }

    private WaitView ViewOf(Wait wait)
    {
        var elapsed = _time.GetElapsedTime(wait.Began);
        return new WaitView(wait.What, [.. wait.Missing()], _time.GetUtcNow() - elapsed, elapsed.TotalSeconds, wait.Deadline.TotalSeconds);
    }

    private void End(Wait wait)
    {
        lock (_gate)
            _waits.Remove(wait);
    }

    private sealed class Wait(WaitBoard board, string what, TimeSpan deadline, Func<IEnumerable<string>> missing, long began) : IDisposable
    {
        public string What => what;

        public TimeSpan Deadline => deadline;

        public Func<IEnumerable<string>> Missing => missing;

        public long Began => began;

        public TimeSpan TellAt { get; set; } = s_long;

        public void Dispose() => board.End(this);
    }
}
