using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Training;

namespace DistMtl.Coordinator.Service;

/// <summary>What a coordinator answers to the question of what it is doing.</summary>
/// <param name="Node">Its cluster address, HOST:PORT.</param>
/// <param name="Term">Of its work, from the job store; 0: it stands by.</param>
/// <param name="Workers">Members of the cluster, by name.</param>
/// <param name="JobStore">What is wrong with it; null: nothing is.</param>
/// <param name="Runs">Those that are going on or waiting, and the last that have ended.</param>
internal sealed record ServiceStatus(string Node, long Term, IReadOnlyList<string> Workers, string? JobStore, IReadOnlyList<RunStatusView> Runs);

/// <summary>One run in it.</summary>
/// <param name="Step">Updates made; null: none is known of.</param>
/// <param name="Waits">What it waits for, and since when.</param>
internal sealed record RunStatusView(
    RunView Run, int? Step, int? TotalSteps, int? Epoch, double? RowsPerSecond, IReadOnlyList<WorkerRate> Workers, IReadOnlyList<WaitView> Waits)
{
    public static RunStatusView Of(ServiceRun run)
    {
        var (monitor, isRunning) = (run.Monitor, run.State == ServiceRunState.Running);
        return new RunStatusView(
            RunView.Of(run), monitor.Step?.Step ?? monitor.Started?.FirstStep, monitor.Started?.TotalSteps, monitor.Step?.Epoch, isRunning ? monitor.Step?.RowsPerSecond : null,
            isRunning ? monitor.Workers : [], isRunning ? monitor.Waits : []);
    }
}
