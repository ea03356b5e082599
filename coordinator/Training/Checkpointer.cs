using System.Collections.ObjectModel;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;
using DistMtl.Protocol.Tracing;

namespace DistMtl.Coordinator.Training;

/// <summary>Writes what a run has come to into its checkpoints, and keeps those that are worth it.</summary>
internal sealed class Checkpointer(JobFile job, CheckpointStore store, IRunObserver observer, RunClock clock, ICommitter committer)
{
    /// <summary>Asks the servers, and the shards, for what they hold.</summary>
    public async Task SaveAsync(TrainingProgress progress)
    {
        await progress.Servers!.FetchAsync(CancellationToken.None);
        await SaveFetchedAsync(progress);
    }

    /// <summary>The servers have been asked already.</summary>
    public async Task SaveFetchedAsync(TrainingProgress progress) =>
        await SaveAsync(progress, progress.ShardStates is { } shards ? await shards.FetchAsync(CancellationToken.None) : ReadOnlyDictionary<string, float[]>.Empty);

    /// <summary>
    /// What is whole is worth keeping whatever ended the run, unless an evaluation is due that whoever resumes would leave out;
    /// else the last checkpoint is what there is.
    /// </summary>
    public async Task SaveWhatThereIsAsync(TrainingProgress? progress)
    {
        if (progress is { Servers: not null, State.Step: > 0 } && progress.IsWhole(job)
            && progress.FollowedStep == progress.State.Step && progress.SavedStep != progress.State.Step)
            await SaveAsync(progress, ReadOnlyDictionary<string, float[]>.Empty);
    }

    private async Task SaveAsync(TrainingProgress progress, IReadOnlyDictionary<string, float[]> shardStates)
    {
        using var span = TraceSource.Coordinator.Begin("checkpoint", "checkpoints", progress.State.Step - 1);
        var state = progress.State;
        await committer.CommitAsync(state.Step);
        var directory = store.Write(new CheckpointContent(
            JobFileWriter.Write(job), job.Seed, progress.Scan.Schema.ToJson(), state.Step, progress.Epoch, progress.Layout,
            state.Parameters_P, state.Optimizer.Steps, state.Optimizer.State, state.Weighting.Values, state.RowsTrained,
            state.SecondsTraining, state.EarlyStopping, state.Ledger.ToRows(), progress.Validation)
        {
            WeightingRows_TS = state.WeightingRows_TS,
            ShardStates = shardStates,
            Tables = progress.Servers?.TakeTableChanges() ?? [],
            TablesSince = progress.SavedStep,
        });
        store.Prune(state.EarlyStopping?.BestStep);
        progress.SavedStep = state.Step;
        observer.On(new CheckpointWritten(clock.Seconds, state.Step, directory));
    }
}
