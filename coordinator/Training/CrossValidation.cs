using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// k-fold cross-validation: one run after another on one cluster, each validating on another fold of the training rows and
/// learning its vocabularies and means from the rest alone. Every fold is a whole run in a folder of its own; which of them
/// are finished is told from those folders, so a cross-validation that was stopped goes on by the same way it begins.
/// </summary>
/// <param name="job">With <c>training.folds</c>.</param>
/// <param name="displays">Makes those who watch one fold.</param>
/// <param name="warn">Told about damaged checkpoints.</param>
/// <param name="surroundings">Of all folds.</param>
internal sealed class CrossValidation(
    JobFile job, RunDirectory directory, Func<IReadOnlyList<IRunObserver>> displays, Action<string> warn, RunSurroundings surroundings)
{
    private readonly int _folds = job.Training.Folds ?? throw new ArgumentException("the job has no training.folds", nameof(job));
    private readonly List<RunSummary> _runs = [];

    /// <summary>The job of one fold's run: one that <c>distmtl train</c> would take as it is.</summary>
    public static JobFile JobOf(JobFile job, ValidationFold fold) => job with
    {
        Data = job.Data with { Validation = new ValidationSettings(null, null) { Fold = fold } },
        Training = job.Training with { Folds = null },
    };

    /// <param name="stop">Ends the fold that runs after its step; no other begins.</param>
    /// <exception cref="JobException">A fold failed; the summary that says so is written.</exception>
    public async Task<FoldsSummary> RunAsync(Task<TrainingCluster> starting, CancellationToken stop)
    {
        directory.WriteJob(JobFileWriter.Write(job));
        var summary = Write(null);
        for (var fold = 1; fold <= _folds && !stop.IsCancellationRequested; fold++)
        {
            var folder = directory.Fold(fold);
            try
            {
                _runs.Add(FinishedIn(folder) ?? await RecordedRun.RunAsync(Start(folder, fold), displays(), starting, surroundings, stop));
            }
            catch (JobException e)
            {
                if (SummaryIn(folder) is { } failed)
                    _runs.Add(failed);
                Write($"fold {fold}: {e.Message}");
                throw;
            }
            summary = Write(null);
        }
        return summary;
    }

    private static RunSummary? SummaryIn(RunDirectory folder) => File.Exists(folder.SummaryPath) ? folder.ReadSummary() : null;

    private static RunSummary? FinishedIn(RunDirectory folder) =>
        SummaryIn(folder) is { } summary && FoldsSummary.IsFinished(summary) ? summary : null;

    /// <summary>From the fold's last checkpoint where there is one.</summary>
    private RunStart Start(RunDirectory folder, int fold)
    {
        var latest = new CheckpointStore(folder).FindLatest(warn);
        return new RunStart(JobOf(job, new ValidationFold(fold, _folds)), folder, latest is null ? null : Checkpoint.Read(latest));
    }

    private FoldsSummary Write(string? error)
    {
        var summary = new FoldsSummary(job.Name, _folds, [.. _runs], error);
        if (surroundings.Committer.IsAtWork)
            directory.WriteSummary(summary);
        return summary;
    }
}
