using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// A run's steps, one after another, and what follows a step where it is due: an evaluation and what early stopping makes of
/// it, a checkpoint. It ends with the last step, with early stopping or when it is told to.
/// </summary>
/// <param name="progress">Of a run whose servers hold the parameters and whose workers have them.</param>
/// <param name="isOutdated">Whether the run should form up again: ends the loop behind a step.</param>
internal sealed class TrainingLoop(
    JobFile job, TrainingProgress progress, Evaluator evaluator, Checkpointer checkpointer, IRunObserver observer, RunClock clock, Func<bool> isOutdated)
{
    /// <summary>Early stopping has seen enough.</summary>
    public bool ShouldStop =>
        job.Training.EarlyStopping is { } settings && progress.State.EarlyStopping is { } early && EarlyStopping.ShouldStop(settings, early);

    private bool HasValidation => job.Data.Validation is not null;

    private int EvaluateEvery => job.Training.EvaluateEvery ?? progress.StepsPerEpoch;

    private int CheckpointEvery => job.Training.CheckpointEvery ?? progress.StepsPerEpoch;

    /// <param name="stop">Ends the loop after the step it is in.</param>
    public async Task StepTogetherAsync(StepRunner steps, CancellationToken stop)
    {
        var rate = new RateMeter(clock.Time);
        // The last generation may have lost a worker in what follows a step.
        if (progress.FollowedStep != progress.State.Step)
            await AfterStepAsync();
        while (GoesOn(stop))
        {
            var began = clock.Time.GetTimestamp();
            // A step that has begun is finished: a checkpoint lies between steps.
            var (state, result) = await steps.RunAsync(progress.State, CancellationToken.None);
            progress.State = state with { SecondsTraining = state.SecondsTraining + clock.Time.GetElapsedTime(began).TotalSeconds };
            Report(state.Step, result, rate);
            await AfterStepAsync();
        }
    }

    /// <summary>The same with workers that do not wait for each other, except where something follows a step.</summary>
    /// <param name="stop">As above.</param>
    public async Task StepFreelyAsync(FreeRunner steps, CancellationToken stop)
    {
        var rate = new RateMeter(clock.Time);
        while (GoesOn(stop))
        {
            var began = clock.Time.GetTimestamp();
            var state = await steps.RunAsync(progress.State, NextStop(), (made, result) => Report(made.Step, result, rate), stop);
            progress.State = state with { SecondsTraining = state.SecondsTraining + clock.Time.GetElapsedTime(began).TotalSeconds };
            await AfterStepAsync();
            await progress.Servers!.PublishAsync(progress.State.Step, CancellationToken.None);
        }
    }

    /// <summary>What the parameters are called by that the workers shall predict with.</summary>
    public async Task<int> PublishForPredictionAsync()
    {
        if (job.Training.Mode == TrainingMode.Synchronous)
            return progress.State.Step;
        // Each worker has what was there after its own last update, under the same number.
        var label = -1 - progress.State.Step;
        await progress.Servers!.PublishAsync(label, CancellationToken.None);
        return label;
    }

    private bool GoesOn(CancellationToken stop) =>
        progress.State.Step < progress.TotalSteps && !ShouldStop && !stop.IsCancellationRequested && !isOutdated();

    private void Report(int step, StepResult result, RateMeter rate)
    {
        if (result.Notice is { } notice)
            observer.On(new Notice(clock.Seconds, notice));
        if (result.Staleness is { } staleness)
            progress.Staleness.Add(staleness);
        observer.On(new StepCompleted(
            clock.Seconds, step, result.Epoch, result.Losses_T, result.Weights_T, result.Rows, rate.Add(result.Rows), progress.Workers)
        { Staleness = result.Staleness });
    }

    private async Task AfterStepAsync()
    {
        if (IsDue(EvaluateEvery) && HasValidation)
            await EvaluateAsync();
        else if (IsDue(CheckpointEvery))
            await checkpointer.SaveAsync(progress);
        progress.FollowedStep = progress.State.Step;
    }

    /// <summary>Where workers that do not wait for each other have to: at evaluations and checkpoints.</summary>
    private int NextStop()
    {
        var step = progress.State.Step;
        var next = Math.Min(progress.TotalSteps, step / CheckpointEvery * CheckpointEvery + CheckpointEvery);
        return HasValidation ? Math.Min(next, step / EvaluateEvery * EvaluateEvery + EvaluateEvery) : next;
    }

    private async Task EvaluateAsync()
    {
        using var span = TraceSource.Coordinator.Begin("evaluate", "steps", progress.State.Step - 1);
        var state = progress.State;
        var before = (progress.State, progress.Best_P, progress.Validation);
        await progress.Servers!.FetchAsync(CancellationToken.None);
        var metrics = await evaluator.EvaluateAsync(await PublishForPredictionAsync(), WorkKind.Validate, CancellationToken.None);
        double? composite = null;
        var isBest = false;
        if (job.Training.EarlyStopping is { } settings)
        {
            composite = EarlyStopping.Composite(settings, metrics);
            progress.State = state with { EarlyStopping = EarlyStopping.Observe(state.EarlyStopping ?? EarlyStopping.Start, composite, state.Step) };
            isBest = progress.State.EarlyStopping!.BestStep == state.Step;
            if (isBest)
                progress.Best_P = [.. state.Parameters_P];
        }
        if (isBest || progress.Best_P is null)
            progress.Validation = metrics;
        observer.On(new EvaluationCompleted(clock.Seconds, state.Step, progress.Epoch, "validation", metrics, composite, isBest));
        try
        {
            // The best parameters of sparse tables are in no other place, and whoever resumes looks for them there.
            await checkpointer.SaveFetchedAsync(progress, isNeeded: isBest);
        }
        catch (StorageException)
        {
            // What is not kept is not the run's best: its summary speaks of what its checkpoints hold.
            (progress.State, progress.Best_P, progress.Validation) = before;
            throw;
        }
    }

    private bool IsDue(int every) => progress.State.Step % every == 0 || progress.State.Step == progress.TotalSteps;
}
