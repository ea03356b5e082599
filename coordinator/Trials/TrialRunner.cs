using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Trials;

/// <summary>
/// Runs trials one after another on one cluster. A trial that is over stands in the log and is not run again; one that
/// was interrupted goes on from its checkpoint, to the bits of one that was not.
/// </summary>
/// <param name="cluster">Started with the first trial that runs.</param>
internal sealed class TrialRunner(StudyDirectory study, TrialLog log, Lazy<Task<TrainingCluster>> cluster, TrialProgress progress, TimeProvider time)
{
    /// <returns>What came of it, which may be that training could not go on; null: it was interrupted.</returns>
    /// <exception cref="JobException">Anything else went wrong, such as a lost worker: that is no result of the trial.</exception>
    public async Task<TrialRecord?> RunAsync(Trial trial, CancellationToken stop)
    {
        if (log.Find(trial) is { } done)
        {
            progress.Keep(trial);
            return done;
        }
        if (stop.IsCancellationRequested)
            return null;
        var (directory, checkpoint) = Prepare(trial);
        progress.Begin(trial, checkpoint?.Step);
        if (await TrainAsync(trial, directory, checkpoint, stop) is not { Status: not RunStatus.Interrupted } summary)
            return null;
        var record = new TrialRecord(trial.Name, trial.Overrides, trial.JobSha256, summary);
        log.Append(record);
        progress.End(trial, record);
        return record;
    }

    private async Task<RunSummary> TrainAsync(Trial trial, RunDirectory directory, CheckpointContent? checkpoint, CancellationToken stop)
    {
        try
        {
            return await RecordedRun.RunAsync(new RunStart(trial.Job, directory, checkpoint), [progress], cluster.Value, new RunSurroundings(time), stop);
        }
        catch (JobException e) when (e.ExitCode == ExitCode.TrainingFailed)
        {
            return directory.ReadSummary();
        }
    }

    /// <summary>The trial's folder, and where to go on in it; a folder without a checkpoint of this very job is made anew.</summary>
    private (RunDirectory Directory, CheckpointContent? Checkpoint) Prepare(Trial trial)
    {
        var path = study.TrialPath(trial.Name);
        if (Directory.Exists(path))
        {
            if (File.Exists(Path.Combine(path, "job.yaml"))
                && RunDirectory.Open(path) is var directory
                && new CheckpointStore(directory).FindLatest(_ => { }) is { } latest
                && Checkpoint.Read(latest) is var checkpoint
                && checkpoint.JobYaml == JobFileWriter.Write(trial.Job))
                return (directory, checkpoint);
            Directory.Delete(path, recursive: true);
        }
        return (RunDirectory.Create(trial.Job.Name, path, time), null);
    }
}
