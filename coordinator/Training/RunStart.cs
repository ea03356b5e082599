using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Training;

/// <summary>Where a run begins.</summary>
/// <param name="Checkpoint">Where it goes on; null: from the beginning, or, in a cross-validation, wherever its folds are.</param>
internal sealed record RunStart(JobFile Job, RunDirectory Directory, CheckpointContent? Checkpoint)
{
    /// <summary>Goes on with the run in a folder, which may be a cross-validation.</summary>
    /// <param name="warn">Told about each damaged checkpoint.</param>
    /// <exception cref="JobException">There is nothing to go on from.</exception>
    public static RunStart Resume(RunDirectory directory, Action<string> warn)
    {
        var written = Parse(File.ReadAllText(directory.JobPath), directory.JobPath, directory);
        if (written.Job is { Training.Folds: not null } folds)
            return new RunStart(folds, directory, null);
        var store = new CheckpointStore(directory);
        // Stopped before its first checkpoint: it has done nothing that could be lost, so it begins anew.
        if (written.Job is { } begun && store.IsEmpty)
            return new RunStart(begun, directory, null);
        var latest = store.FindLatest(warn)
            ?? throw new JobException($"there is no complete checkpoint in {directory.CheckpointsPath} to go on from");
        var checkpoint = Runs.Checkpoint.Read(latest);
        var reading = Parse(checkpoint.JobYaml, Path.Combine(latest, "job.json"), directory);
        return new RunStart(reading.Job ?? throw new JobException(string.Join('\n', reading.Problems)), directory, checkpoint);
    }

    private static JobReading Parse(string yaml, string name, RunDirectory directory) =>
        JobFileReader.Parse(yaml, name, directory.Root, [], WeightingTable.Descriptions);
}
