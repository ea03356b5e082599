using System.Diagnostics;

namespace DistMtl.Protocol.Tracing;

/// <summary>Collects what some sources tell of, as long as it is not disposed. Of more than it has room for it keeps the last.</summary>
public sealed class TraceRecorder : IDisposable
{
    /// <summary>Some 30 MB on the wire; 10,000 steps of a small job.</summary>
    public const int DefaultCapacity = 1 << 18;

    private readonly Queue<TraceEvent> _events = new();
    private readonly Lock _gate = new();
    private readonly ActivityListener _listener;
    private readonly int _capacity;
    private long _dropped;

    public TraceRecorder(int capacity, params IReadOnlyList<ActivitySource> sources)
    {
        _capacity = capacity;
        _listener = new ActivityListener
        {
            ShouldListenTo = sources.Contains,
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => Add(TraceEvent.Of(activity)),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>What was collected since the last call, in the order in which it ended, and how much more had no room.</summary>
    public (IReadOnlyList<TraceEvent> Events, long Dropped) Take()
    {
        lock (_gate)
        {
            var taken = (_events.ToArray(), _dropped);
            _events.Clear();
            _dropped = 0;
            return taken;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(TraceEvent ended)
    {
        lock (_gate)
        {
            if (_events.Count == _capacity)
            {
                _events.Dequeue();
                _dropped++;
            }
            _events.Enqueue(ended);
        }
    }
}
