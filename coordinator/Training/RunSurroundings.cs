using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Tracing;

namespace DistMtl.Coordinator.Training;

/// <summary>What a run has around it beside its job, its folder and its workers.</summary>
internal sealed record RunSurroundings(TimeProvider Time)
{
    /// <summary>Of a run by itself.</summary>
    public static RunSurroundings Plain => new(TimeProvider.System);

    /// <summary>Null: what takes how long is not recorded.</summary>
    public RunTrace? Trace { get; init; }

    /// <summary>Who says whether it may leave something for good.</summary>
    public ICommitter Committer { get; init; } = SoleCommitter.Instance;

    /// <summary>Who shows outside what it is doing.</summary>
    public RunMonitor Monitor { get; init; } = new();
}
