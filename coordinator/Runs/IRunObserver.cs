using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>Someone who watches a run: a display, the metrics file.</summary>
internal interface IRunObserver
{
    /// <summary>Takes the next event. Events come one at a time, in order; it must return quickly, for training waits.</summary>
    void On(RunEvent e);
}
