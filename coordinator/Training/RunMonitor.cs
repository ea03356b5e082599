using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Training;

/// <summary>What a run is doing now, for whoever asks from outside.</summary>
internal sealed class RunMonitor : IRunObserver
{
    private volatile WaitBoard? _waits;
    private volatile WorkerRates? _rates;
    private volatile StepCompleted? _step;
    private volatile RunStarted? _started;

    /// <summary>Null before the data are scanned.</summary>
    public RunStarted? Started => _started;

    /// <summary>The last one; null: there has been none.</summary>
    public StepCompleted? Step => _step;

    public IReadOnlyList<WaitView> Waits => _waits?.Current ?? [];

    public IReadOnlyList<WorkerRate> Workers => _rates?.Current ?? [];

    public void On(RunEvent e)
    {
        if (e is RunStarted started)
            _started = started;
        if (e is StepCompleted step)
            _step = step;
    }

    public void Watch(WaitBoard waits, WorkerRates rates) => (_waits, _rates) = (waits, rates);
}
