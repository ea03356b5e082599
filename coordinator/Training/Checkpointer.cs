using System.Collections.ObjectModel;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;
using DistMtl.Protocol.Tracing;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// Writes what a run has come to into its checkpoints, and keeps those that are worth it. A disk that is full, or has an error,
/// takes no more from a run than a checkpoint: the next one that is due holds all that this one would have. Where there is
/// no next one, or where nothing else holds the best parameters, it is tried for a while.
/// </summary>
internal sealed class Checkpointer(JobFile job, CheckpointStore store, IRunObserver observer, RunClock clock, ICommitter committer)
{
    /// <summary>For how long a checkpoint is tried again that the run cannot do without: time to make room, as the notices ask for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    /// <summary>Asks the servers, and the shards, for what they hold.</summary>
    /// <param name="isNeeded">Whether the run cannot do without this one.</param>
    /// <exception cref="StorageException">It is needed and cannot be written.</exception>
    public async Task SaveAsync(TrainingProgress progress, bool isNeeded = false)
    {
        await progress.Servers!.FetchAsync(CancellationToken.None);
        await SaveFetchedAsync(progress, isNeeded);
    }

    /// <summary>The same; the servers have been asked already.</summary>
    public async Task SaveFetchedAsync(TrainingProgress progress, bool isNeeded)
    {
        var content = ContentOf(
            progress, progress.ShardStates is { } shards ? await shards.FetchAsync(CancellationToken.None) : ReadOnlyDictionary<string, float[]>.Empty);
        for (var began = clock.Seconds; ;)
        {
            try
            {
                await WriteAsync(progress, content);
                return;
            }
            catch (StorageException e) when (!isNeeded)
            {
                Notice($"{e.Message}; the run goes on, and the next checkpoint that is due tries again");
                return;
            }
            catch (StorageException e) when (clock.Seconds - began < Patience.TotalSeconds)
            {
                Notice($"{e.Message}; it is tried for {Patience.TotalSeconds:0} s in all");
            }
            await Task.Delay(s_pause, clock.Time);
        }
    }

    /// <summary>
    /// What is whole is worth keeping whatever ended the run, unless an evaluation is due that whoever resumes would leave out;
    /// else the last checkpoint is what there is.
    /// </summary>
    public async Task SaveWhatThereIsAsync(TrainingProgress? progress)
    {
        if (progress is not { Servers: not null, State.Step: > 0 } || !progress.IsWhole(job)
            || progress.FollowedStep != progress.State.Step || progress.SavedStep == progress.State.Step)
            return;
        try
        {
            await WriteAsync(progress, ContentOf(progress, ReadOnlyDictionary<string, float[]>.Empty));
        }
        catch (JobException e)
        {
            // The run has its reason to end already.
            Notice(e.Message);
        }
    }

    private CheckpointContent ContentOf(TrainingProgress progress, IReadOnlyDictionary<string, float[]> shardStates)
    {
        var state = progress.State;
        var changes = progress.Servers?.TakeTableChanges() ?? [];
        progress.UnsavedTables = progress.UnsavedTables.Count == 0 ? changes : [.. progress.UnsavedTables.Zip(changes, (earlier, later) => earlier.Then(later))];
        return new CheckpointContent(
            JobFileWriter.Write(job), job.Seed, progress.Scan.Schema.ToJson(), state.Step, progress.Epoch, progress.Layout,
            state.Parameters_P, state.Optimizer.Steps, state.Optimizer.State, state.Weighting.Values, state.RowsTrained,
            state.SecondsTraining, state.EarlyStopping, state.Ledger.ToRows(), progress.Validation)
        {
            WeightingRows_TS = state.WeightingRows_TS,
            ShardStates = shardStates,
            Tables = progress.UnsavedTables,
            TablesSince = progress.SavedStep,
        };
    }

    private async Task WriteAsync(TrainingProgress progress, CheckpointContent content)
    {
        using var span = TraceSource.Coordinator.Begin("checkpoint", "checkpoints", content.Step - 1);
        await committer.CommitAsync(content.Step);
        var directory = store.Write(content);
        FaultPlan.Own.At(FaultPhase.Checkpointed, content.Step);
        (progress.SavedStep, progress.UnsavedTables) = (content.Step, []);
        observer.On(new CheckpointWritten(clock.Seconds, content.Step, directory));
        try
        {
            store.Prune(job.Training.CheckpointsKept, content.EarlyStopping?.BestStep);
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            Notice($"an older checkpoint cannot be removed: {e.Message}");
        }
    }

    private void Notice(string text) => observer.On(new Notice(clock.Seconds, text));
}
