using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Tables;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Runs;
using DistMtl.Data;
using DistMtl.Data.Pretrained;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Runs;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// One run from the job file to the summary: scan the data, form up, then step, evaluate, checkpoint until the end. Where a
/// worker is lost the others form up again and go on. What ends it early (Ctrl-C, the loss of the last worker, a loss that is not
/// finite) leaves a checkpoint of the last whole step.
/// </summary>
internal sealed class TrainingRun
{
    /// <summary>Generations in a row that lost a worker before there was a step.</summary>
    private const int MaxFruitless = 3;

    private readonly JobFile _job;
    private readonly RunDirectory _directory;
    private readonly CheckpointStore _checkpoints;
    private readonly IRunObserver _observer;
    private readonly RunClock _clock;
    private readonly Checkpointer _checkpointer;
    private readonly RunSurroundings _surroundings;
    private readonly WorkerRates _rates;
    private readonly string _id = Guid.NewGuid().ToString("N");
    private TrainingCluster? _cluster;
    private bool _isFormed;
    private string? _whyAgain;
    private Backups _backups = Backups.Of(0, []);
    private int _fruitless;

    public TrainingRun(JobFile job, RunDirectory directory, IRunObserver observer, RunSurroundings surroundings)
    {
        (_job, _directory, _observer, _surroundings) = (job, directory, observer, surroundings);
        _clock = new RunClock(surroundings.Time);
        _rates = new WorkerRates(surroundings.Time, Notice);
        _checkpoints = new CheckpointStore(directory);
        _checkpointer = new Checkpointer(job, _checkpoints, observer, _clock, surroundings.Committer);
    }

    /// <param name="starting">The cluster, which may still be starting while the data are scanned.</param>
    /// <param name="resume">Where to go on; null: from the beginning.</param>
    /// <param name="stop">Ends the run after the step it is in.</param>
    /// <exception cref="JobException">The run failed; the summary that says so is written.</exception>
    public async Task<RunSummary> RunAsync(Task<TrainingCluster> starting, CheckpointContent? resume, CancellationToken stop)
    {
        _directory.WriteJob(JobFileWriter.Write(_job));
        _checkpoints.RemoveLeftovers();
        using var waits = new WaitBoard(_clock.Time, Notice);
        _surroundings.Monitor.Watch(waits, _rates);
        TrainingProgress? progress = null;
        try
        {
            var scan = await Task.Run(() => Scan(stop), stop);
            progress = Begin(scan, resume);
            var cluster = _cluster = await starting;
            progress.Workers = cluster.WorkersLeft;
            _observer.On(Started(progress));
            while (true)
            {
                try
                {
                    if (await TrainAsync(progress, cluster, waits, stop) is { } summary)
                        return summary;
                    progress = Rewind(progress, cluster, _whyAgain!);
                }
                catch (JobException e) when (IsMendable(e) && _fruitless < MaxFruitless && MayGoOn(cluster))
                {
                    progress = Rewind(progress, cluster, e.Message);
                }
                catch (WorkerLostException e) when (cluster.Local is not null)
                {
                    throw new JobException(
                        await cluster.Local.LastExitAsync() is { } how && how != e.Message ? $"{e.Message}; {how}" : e.Message, e.ExitCode, e);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && _surroundings.Committer.IsAtWork)
        {
            return End(progress, RunStatus.Interrupted, null);
        }
        // Another coordinator has the run now, and its folder.
        catch (JobException e) when (!_surroundings.Committer.IsAtWork || e.ExitCode == ExitCode.CutOff)
        {
            throw;
        }
        catch (JobException e)
        {
            await _checkpointer.SaveWhatThereIsAsync(progress);
            EndFailed(progress, e.Message);
            throw;
        }
    }

    /// <summary>One generation: forms up, trains on.</summary>
    /// <returns>Null: the run should form up again.</returns>
    private async Task<RunSummary?> TrainAsync(TrainingProgress progress, TrainingCluster cluster, WaitBoard waits, CancellationToken stop)
    {
        if (!MayGoOn(cluster))
            throw new JobException($"{NumberText.Plural(cluster.Local!.Alive, "worker")} left, and training.minWorkers is {_job.Training.MinWorkers}", ExitCode.ClusterLost);
        _isFormed = false;
        // A loss that keeps coming back before there was a step is none that going on would mend.
        _fruitless++;
        await using var fleet = await WorkerFleet.FormAsync(
            cluster, _job.Data.Shards, _job.Training.MinWorkers, TimeSpan.FromSeconds(_job.Training.WorkersTimeoutSeconds), waits, Notice, stop);
        _rates.Form(fleet.Placement.Workers.Select(worker => (worker.Worker, (IReadOnlyList<int>)worker.Shards)));
        _backups = Backups.Of(_job.Training.BackupShards, _rates.Current);
        if (_backups.Twice is { } twice)
            Notice($"data shards {string.Join(' ', twice)} are computed twice");
        (_isFormed, progress.Workers) = (true, fleet.Workers);
        var step = progress.State.Step;
        try
        {
            return await TrainAsync(progress, fleet, stop);
        }
        finally
        {
            if (progress.State.Step > step)
                _fruitless = 0;
            if (_surroundings.Trace is { } trace)
                await trace.CollectAsync(fleet);
        }
    }

    /// <summary>Why the run should form up again where it loses nothing by it; null: it should not.</summary>
    private string? WhyAgain(WorkerFleet fleet) =>
        fleet.IsOutdated ? "workers have come or want to go"
        : _job.Training.BackupShards > 0 && _backups.AreOutdated(_rates.Current) ? "a worker has become slow, or fast again"
        : null;

    /// <summary>Not that workers who were waited for did not come.</summary>
    private bool IsMendable(JobException e) => e is WorkerLostException || e.ExitCode == ExitCode.ClusterLost && _isFormed;

    /// <summary>Others may join; where this process has started its workers itself, only those that are alive.</summary>
    private bool MayGoOn(TrainingCluster cluster) => cluster.Local is null || cluster.Local.Alive >= _job.Training.MinWorkers;

    /// <summary>What the next generation goes on from: what is here, or the last checkpoint, or the beginning.</summary>
    private TrainingProgress Rewind(TrainingProgress progress, TrainingCluster cluster, string why)
    {
        var next = progress;
        if (!progress.IsWhole(_job))
        {
            var latest = _checkpoints.FindLatest(Notice);
            next = Begin(progress.Scan, latest is null ? null : Checkpoint.Read(latest));
        }
        Notice($"{why}; going on behind step {next.State.Step} with {NumberText.Plural(cluster.WorkersLeft, "worker")}");
        // Where workers do not wait for each other, more has been told than the state says.
        if (next != progress)
            _observer.On(new RunRewound(_clock.Seconds, next.State.Step));
        return next;
    }

    /// <summary>One pass over all files, which are made first where the job says so.</summary>
    private DataScan Scan(CancellationToken stop)
    {
        if (GeneratedData.Ensure(_job.Data))
            Notice($"wrote {_job.Data.Generate!.Rows:N0} rows of the {_job.Data.Generate.Dataset} demo to {_job.Data.Train}");
        var scan = SchemaFitter.Fit(_job, stop);
        if (scan.BadRows.Bad > 0)
            Notice($"{scan.BadRows.Bad} of {scan.BadRows.Rows} rows are bad and left out: {string.Join("; ", scan.BadRows.First)}");
        return scan;
    }

    private TrainingProgress Begin(DataScan scan, CheckpointContent? resume)
    {
        var blueprint = ModelBlueprint.Create(_job.Model, scan.Schema.ToModelInputs(_job.Embeddings));
        var layout = blueprint.Layout;
        var weighting = WeightingTable.Create(new WeightingContext(_job.Tasks, _job.Weighting, _job.Optimizer, _job.Seed));
        var optimizer = ServerState.OptimizerOf(_job, blueprint);
        var batchesPerEpoch = ShardSampler.StepsPerEpoch(scan.TrainRowsByShard, _job.Training.BatchSize);
        var stepsPerEpoch = (batchesPerEpoch + _job.Training.LocalSteps - 1) / _job.Training.LocalSteps;
        var rowsByShard = scan.TrainRowsByShard.Select(rows => (long)rows);
        var totalSteps = (int)Math.Min(_job.Training.MaxSteps ?? int.MaxValue, (long)stepsPerEpoch * _job.Training.Epochs);
        var early = _job.Training.EarlyStopping is null ? null : EarlyStopping.Start;
        if (resume is null)
        {
            var parameters_P = InitialParameters.Draw(layout, _job.Seed);
            PretrainedParameters.Apply(blueprint, scan.Schema, parameters_P);
            return new TrainingProgress(scan, blueprint, weighting, batchesPerEpoch, stepsPerEpoch, totalSteps, new TrainingState(
                0, parameters_P, optimizer, weighting.Start(), early, Ledger.Create(rowsByShard), 0, 0)
            {
                WeightingRows_TS = WeightingRows(weighting, layout, saved: null),
            });
        }
        if (resume.SchemaJson != scan.Schema.ToJson())
            throw new JobException($"the training data of {_directory.Root} have changed since its checkpoint at step {resume.Step}: features or labels no longer have the same values");
        optimizer.Restore(resume.OptimizerSteps, resume.OptimizerState);
        return new TrainingProgress(scan, blueprint, weighting, batchesPerEpoch, stepsPerEpoch, totalSteps, new TrainingState(
            resume.Step, resume.Parameters_P, optimizer, WeightingState.From(resume.WeightingState), resume.EarlyStopping ?? early,
            Ledger.FromRows(rowsByShard, resume.Ledger), resume.RowsTrained, resume.SecondsTrained)
        {
            WeightingRows_TS = WeightingRows(weighting, layout, resume.WeightingRows_TS),
        })
        {
            Validation = resume.Validation,
            Best_P = resume.EarlyStopping?.BestStep is { } best ? Checkpoint.Read(_checkpoints.PathOf(best)).Parameters_P : null,
            SavedStep = resume.Step,
            Resumed = resume,
        };
    }

    /// <summary>The vectors of a row weighting: those of a checkpoint, else zeros; none for any other.</summary>
    private Dictionary<string, float[]> WeightingRows(IWeighting weighting, ParameterLayout layout, IReadOnlyDictionary<string, float[]>? saved) =>
        weighting is not IRowWeighting rows ? [] : rows.RowNames.ToDictionary(name => name, name =>
            saved is null ? new float[checked(_job.Tasks.Count * layout.SharedLength)]
            : saved.TryGetValue(name, out var values_TS) && values_TS.Length == _job.Tasks.Count * layout.SharedLength ? values_TS
            : throw new JobException($"the checkpoint of {_directory.Root} does not hold the '{name}' of weighting strategy {_job.Weighting.Strategy}"));

    private async Task<RunSummary?> TrainAsync(TrainingProgress progress, WorkerFleet fleet, CancellationToken stop)
    {
        var shape = ServerShape.Of(_job, progress.Blueprint, fleet.Placement.Generation, progress.Weighting.Need != WeightingNeed.Losses);
        progress.ServerStates ??= StatesOf(progress, progress.Resumed?.Tables ?? []);
        var servers = progress.Servers = await ServerGroup.StartAsync(_job, progress.Scan.Schema, shape, progress.ServerStates, progress.State.Step, fleet, stop);
        if (shape is { MayComeTwice: true, HoldsRows: true })
            throw new JobException("training.backupShards does not go with weighting.scope: trunk where tables are sparse: their rows' gradients wait at one worker for the weights; choose scope: all, or take backupShards out");
        var firstLabels = await Preparation.RunAsync(
            _job, progress.Scan.Schema, PlanFor(progress, fleet, servers), _backups, progress.Scan.TrainRowsByShard, fleet, stop);
        Notice("the workers have read their shards");
        if (ShardStates.Has(_job))
        {
            progress.ShardStates = new ShardStates(fleet);
            if (progress.Resumed is { } resumed)
                await progress.ShardStates.RestoreAsync(resumed.ShardStates, resumed.Step, stop);
        }
        await servers.PublishAsync(progress.State.Step, stop);
        var schedule = new LearningRateSchedule(_job.Optimizer.Schedule, progress.TotalSteps, progress.StepsPerEpoch);
        var weigher = new StepWeigher(_job, progress.Weighting, schedule, servers);
        var evaluator = new Evaluator(_job, progress.Scan.Schema, fleet);
        var loop = new TrainingLoop(_job, progress, evaluator, _checkpointer, _observer, _clock, () => WhyAgain(fleet) is not null);
        if (_job.Training.Mode == TrainingMode.Synchronous)
            await loop.StepTogetherAsync(new StepRunner(_job, weigher, fleet, servers, _rates, progress.StepsPerEpoch, Sum(firstLabels.Values)), stop);
        else
        {
            using var steps = new FreeRunner(_job, weigher, fleet, servers, progress.StepsPerEpoch, progress.State.Step, (int)progress.State.Optimizer.Steps, firstLabels);
            await loop.StepFreelyAsync(steps, stop);
        }
        var status = progress.State.Step >= progress.TotalSteps ? RunStatus.Completed
            : loop.ShouldStop ? RunStatus.EarlyStopped
            : RunStatus.Interrupted;
        _whyAgain = WhyAgain(fleet);
        var isOutdated = status == RunStatus.Interrupted && _whyAgain is not null && !stop.IsCancellationRequested;
        if (progress.SavedStep != progress.State.Step && !(isOutdated && progress.IsWhole(_job)))
            await _checkpointer.SaveAsync(progress, isNeeded: !isOutdated);
        if (isOutdated)
            return null;
        if (status != RunStatus.Interrupted && _job.Data.Test is not null)
        {
            var label = progress.ResultStep == progress.State.Step
                ? await loop.PublishForPredictionAsync()
                : await InstallBestAsync(progress, servers);
            progress.Test = await evaluator.EvaluateAsync(label, WorkKind.Test, CancellationToken.None);
            _observer.On(new EvaluationCompleted(_clock.Seconds, progress.ResultStep, progress.Epoch, "test", progress.Test, null, false));
        }
        return End(progress, status, null);
    }

    private static long[] Sum(IEnumerable<long[]> labels) => labels.Aggregate((left, right) => [.. left.Zip(right, (a, b) => a + b)]);

    private string NameToShow => _job.Data.Validation?.Fold is { } fold ? $"{_job.Name}, {fold}" : _job.Name;

    /// <summary>One state for each server: the vectors are shared, rows of tables are not.</summary>
    /// <param name="tables">All rows of each table; empty: none has been trained.</param>
    private IReadOnlyList<ServerState> StatesOf(TrainingProgress progress, IReadOnlyList<TableRows> tables)
    {
        var servers = _job.Training.ParameterServers.Count;
        return
        [
            .. Enumerable.Range(0, servers).Select(server =>
            {
                var state = ServerState.Create(_job, progress.Blueprint, progress.State.Parameters_P) with { Optimizer = progress.State.Optimizer };
                for (var table = 0; table < tables.Count; table++)
                    state.Tables[table].Restore(tables[table].Where(row => RowPartition.ServerOf(row, servers) == server));
                return state;
            }),
        ];
    }

    /// <summary>Puts the best evaluation's parameters on the servers and sends them to the workers, to predict with.</summary>
    private async Task<int> InstallBestAsync(TrainingProgress progress, ServerGroup servers)
    {
        var best = Checkpoint.Read(_checkpoints.PathOf(progress.ResultStep));
        await servers.InstallAsync(
            [.. StatesOf(progress, best.Tables).Select(state => state with { Parameters_P = best.Parameters_P })], best.Step, CancellationToken.None);
        // No number that the workers have seen.
        var label = -1 - best.Step;
        await servers.PublishAsync(label, CancellationToken.None);
        return label;
    }

    private PlanHeader PlanFor(TrainingProgress progress, WorkerFleet fleet, ServerGroup servers) => new(
        fleet.Placement.Generation,
        JobFileWriter.Write(_job),
        [],
        progress.StepsPerEpoch,
        progress.State.Step,
        progress.Weighting.Need != WeightingNeed.Losses,
        Splits.Train | (_job.Data.Validation is not null ? Splits.Validation : Splits.None) | (_job.Data.Test is null ? Splits.None : Splits.Test),
        [.. servers.Addresses],
        progress.BatchesPerEpoch,
        (int)Math.Min((long)progress.TotalSteps * _job.Training.LocalSteps, int.MaxValue),
        Trace: _surroundings.Trace is not null,
        Run: _id,
        Twice: _backups.Twice);

    private RunStarted Started(TrainingProgress progress) => new(
        _clock.Seconds, NameToShow, _directory.Root, [.. _job.Tasks.Select(task => task.Name)], progress.Workers, _job.Data.Shards,
        progress.Scan.TrainRowsByShard.Sum(rows => (long)rows), progress.Scan.ValidationRowsByShard.Sum(rows => (long)rows),
        progress.Layout.Length, progress.State.Step, progress.TotalSteps, progress.StepsPerEpoch);

    private RunSummary End(TrainingProgress? progress, RunStatus status, string? error)
    {
        var state = progress?.State;
        var summary = new RunSummary(
            _job.Name, status, state?.Step ?? 0, progress is null || state!.Step == 0 ? 0 : progress.Epoch, state?.RowsTrained ?? 0, _clock.Seconds,
            state is { SecondsTraining: > 0 } ? state.RowsTrained / state.SecondsTraining : 0, progress?.Workers ?? 0,
            progress is null ? null : HashOf(progress), state?.EarlyStopping?.BestStep,
            progress?.Validation ?? [], progress?.Test ?? [], error)
        {
            Staleness = progress?.Staleness.Summary,
            LateMessagesRefused = _cluster is { HasLost: true } ? _cluster.Refused : null,
        };
        state?.Ledger.Write(_directory.LedgerPath);
        _directory.WriteSummary(summary);
        _observer.On(new RunEnded(_clock.Seconds, summary));
        return summary;
    }

    private void EndFailed(TrainingProgress? progress, string error)
    {
        try
        {
            End(progress, RunStatus.Failed, error);
        }
        catch (JobException e)
        {
            // What ended the run is what its user must know.
            Notice(e.Message);
        }
    }

    /// <summary>Of parameters and table rows; null where rows have gone unsaved.</summary>
    private string? HashOf(TrainingProgress progress)
    {
        if (progress.Blueprint.Tables.IsEmpty || progress.State.Step == 0)
            return ParametersHash.Of(progress.Result_P);
        return progress.SavedStep is { } saved && (progress.Best_P is not null || saved == progress.State.Step)
            ? ParametersHash.Of(progress.Result_P, Checkpoint.Read(_checkpoints.PathOf(progress.ResultStep)).Tables)
            : null;
    }

    private void Notice(string text) => _observer.On(new Notice(_clock.Seconds, text));
}
