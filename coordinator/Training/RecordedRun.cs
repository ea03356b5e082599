using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Report;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Training;

/// <summary>One run with what its folder keeps of it: the metrics while it goes on, the report when it is over.</summary>
internal static class RecordedRun
{
    /// <param name="displays">Who else watches; they are disposed with the run.</param>
    /// <exception cref="JobException">The run failed; summary and report that say so are written.</exception>
    public static async Task<RunSummary> RunAsync(
        RunStart start, IReadOnlyList<IRunObserver> displays, Task<TrainingCluster> starting, RunSurroundings surroundings, CancellationToken stop)
    {
        var (job, directory, checkpoint) = start;
        var metrics = checkpoint is null ? MetricsLog.Create(directory.MetricsPath) : MetricsLog.Resume(directory.MetricsPath, checkpoint.Step);
        await using var observers = new ObserverChain([metrics, surroundings.Monitor, .. displays]);
        RunSummary summary;
        try
        {
            summary = await new TrainingRun(job, directory, observers, surroundings).RunAsync(starting, checkpoint, stop);
        }
        catch
        {
            if (surroundings.Committer.IsAtWork)
                WriteReportIfPossible(directory);
            throw;
        }
        metrics.Complete();
        HtmlReport.Write(directory);
        return summary;
    }

    /// <summary>What ended the run is to be told, not that there is no report of it.</summary>
    private static void WriteReportIfPossible(RunDirectory directory)
    {
        try
        {
            HtmlReport.Write(directory);
        }
        catch (JobException)
        {
        }
    }
}
