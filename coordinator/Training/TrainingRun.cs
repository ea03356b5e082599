using System.Collections.ObjectModel;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Tables;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Tracing;
using DistMtl.Data;
using DistMtl.Data.Pretrained;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Runs;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// One run from the job file to the summary: scan the data, form up, then step, evaluate, checkpoint until the end. What
/// ends it early (Ctrl-C, a lost worker, a loss that is not finite) leaves a checkpoint of the last whole step.
/// </summary>
internal sealed class TrainingRun
{
    private readonly JobFile _job;
    private readonly RunDirectory _directory;
    private readonly CheckpointStore _checkpoints;
    private readonly IRunObserver _observer;
    private readonly TimeProvider _time;
    private readonly RunTrace? _trace;
    private readonly long _began;

    /// <param name="trace">Null: what takes how long is not recorded.</param>
    public TrainingRun(JobFile job, RunDirectory directory, IRunObserver observer, TimeProvider time, RunTrace? trace = null)
    {
        (_job, _directory, _observer, _time, _trace) = (job, directory, observer, time, trace);
        _checkpoints = new CheckpointStore(directory);
        _began = time.GetTimestamp();
    }

    private double Seconds => _time.GetElapsedTime(_began).TotalSeconds;

    /// <param name="starting">The cluster, which may still be starting while the data are scanned.</param>
    /// <param name="resume">Where to go on; null: from the beginning.</param>
    /// <param name="stop">Ends the run after the step it is in.</param>
    /// <exception cref="JobException">The run failed; the summary that says so is written.</exception>
    public async Task<RunSummary> RunAsync(Task<TrainingCluster> starting, CheckpointContent? resume, CancellationToken stop)
    {
        _directory.WriteJob(JobFileWriter.Write(_job));
        _checkpoints.RemoveLeftovers();
        Progress? progress = null;
        try
        {
            var scan = await Task.Run(() => Scan(stop), stop);
            progress = Begin(scan, resume);
            var cluster = await starting;
            progress.Workers = cluster.Workers;
            _observer.On(Started(progress));
            await using var fleet = await WorkerFleet.FormAsync(cluster, _job.Data.Shards, Notice, stop);
            try
            {
                return await TrainAsync(progress, fleet, stop);
            }
            finally
            {
                if (_trace is not null)
                    await _trace.CollectAsync(fleet);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return End(progress, RunStatus.Interrupted, null);
        }
        catch (JobException e)
        {
            SaveWhatThereIs(progress);
            End(progress, RunStatus.Failed, e.Message);
            throw;
        }
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

    private Progress Begin(DataScan scan, CheckpointContent? resume)
    {
        var blueprint = ModelBlueprint.Create(_job.Model, scan.Schema.ToModelInputs(_job.Embeddings));
        var layout = blueprint.Layout;
        var weighting = WeightingTable.Create(new WeightingContext(_job.Tasks, _job.Weighting, _job.Optimizer, _job.Seed));
        var optimizer = ServerState.OptimizerOf(_job, blueprint);
        var batchesPerEpoch = ShardSampler.StepsPerEpoch(scan.TrainRowsByShard, _job.Training.BatchSize);
        var stepsPerEpoch = (batchesPerEpoch + _job.Training.LocalSteps - 1) / _job.Training.LocalSteps;
        var rowsByShard = scan.TrainRowsByShard.Select(rows => (long)rows);
        var totalSteps = Math.Min(_job.Training.MaxSteps ?? int.MaxValue, checked(stepsPerEpoch * _job.Training.Epochs));
        var early = _job.Training.EarlyStopping is null ? null : EarlyStopping.Start;
        if (resume is null)
        {
            var parameters_P = InitialParameters.Draw(layout, _job.Seed);
            PretrainedParameters.Apply(blueprint, scan.Schema, parameters_P);
            return new Progress(scan, blueprint, weighting, batchesPerEpoch, stepsPerEpoch, totalSteps, new TrainingState(
                0, parameters_P, optimizer, weighting.Start(), early, Ledger.Create(rowsByShard), 0, 0)
            {
                WeightingRows_TS = WeightingRows(weighting, layout, saved: null),
            });
        }
        if (resume.SchemaJson != scan.Schema.ToJson())
            throw new JobException($"the training data of {_directory.Root} have changed since its checkpoint at step {resume.Step}: features or labels no longer have the same values");
        optimizer.Restore(resume.OptimizerSteps, resume.OptimizerState);
        return new Progress(scan, blueprint, weighting, batchesPerEpoch, stepsPerEpoch, totalSteps, new TrainingState(
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

    private async Task<RunSummary> TrainAsync(Progress progress, WorkerFleet fleet, CancellationToken stop)
    {
        var shape = ServerShape.Of(_job, progress.Blueprint, fleet.Placement.Generation, progress.Weighting.Need != WeightingNeed.Losses);
        var servers = progress.Servers = await ServerGroup.StartAsync(_job, progress.Scan.Schema, shape, StatesOf(progress, progress.Resumed?.Tables ?? []), progress.State.Step, fleet, stop);
        var firstLabels = await Preparation.RunAsync(
            _job, progress.Scan.Schema, PlanFor(progress, fleet, servers), progress.Scan.TrainRowsByShard, fleet, stop);
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
        if (IsFree)
        {
            using var steps = new FreeRunner(_job, weigher, fleet, servers, progress.StepsPerEpoch, progress.State.Step, (int)progress.State.Optimizer.Steps, firstLabels);
            await StepFreelyAsync(progress, steps, evaluator, stop);
        }
        else
            await StepTogetherAsync(progress, new StepRunner(_job, weigher, fleet, servers, progress.StepsPerEpoch, Sum(firstLabels.Values)), evaluator, stop);
        var status = progress.State.Step >= progress.TotalSteps ? RunStatus.Completed
            : ShouldStop(progress.State) ? RunStatus.EarlyStopped
            : RunStatus.Interrupted;
        if (progress.SavedStep != progress.State.Step)
            await SaveAsync(progress);
        if (status != RunStatus.Interrupted && _job.Data.Test is not null)
        {
            var label = progress.ResultStep == progress.State.Step
                ? await PublishForPredictionAsync(progress)
                : await InstallBestAsync(progress, servers);
            progress.Test = await evaluator.EvaluateAsync(label, WorkKind.Test, CancellationToken.None);
            _observer.On(new EvaluationCompleted(Seconds, progress.ResultStep, EpochOf(progress), "test", progress.Test, null, false));
        }
        return End(progress, status, null);
    }

    private bool IsFree => _job.Training.Mode != TrainingMode.Synchronous;

    private async Task StepTogetherAsync(Progress progress, StepRunner steps, Evaluator evaluator, CancellationToken stop)
    {
        var rate = new RateMeter(_time);
        while (GoesOn(progress, stop))
        {
            var began = _time.GetTimestamp();
            // A step that has begun is finished: a checkpoint lies between steps.
            var (state, result) = await steps.RunAsync(progress.State, CancellationToken.None);
            progress.State = state with { SecondsTraining = state.SecondsTraining + _time.GetElapsedTime(began).TotalSeconds };
            Report(progress, state.Step, result, rate);
            await AfterStepAsync(progress, evaluator);
        }
    }

    private async Task StepFreelyAsync(Progress progress, FreeRunner steps, Evaluator evaluator, CancellationToken stop)
    {
        var rate = new RateMeter(_time);
        while (GoesOn(progress, stop))
        {
            var began = _time.GetTimestamp();
            var state = await steps.RunAsync(progress.State, NextStop(progress), (made, result) => Report(progress, made.Step, result, rate), stop);
            progress.State = state with { SecondsTraining = state.SecondsTraining + _time.GetElapsedTime(began).TotalSeconds };
            await AfterStepAsync(progress, evaluator);
            await progress.Servers!.PublishAsync(progress.State.Step, CancellationToken.None);
        }
    }

    private bool GoesOn(Progress progress, CancellationToken stop) =>
        progress.State.Step < progress.TotalSteps && !ShouldStop(progress.State) && !stop.IsCancellationRequested;

    private void Report(Progress progress, int step, StepResult result, RateMeter rate)
    {
        if (result.Notice is { } notice)
            Notice(notice);
        if (result.Staleness is { } staleness)
            progress.Staleness.Add(staleness);
        _observer.On(new StepCompleted(
            Seconds, step, result.Epoch, result.Losses_T, result.Weights_T, result.Rows, rate.Add(result.Rows), progress.Workers)
        { Staleness = result.Staleness });
    }

    private async Task AfterStepAsync(Progress progress, Evaluator evaluator)
    {
        if (IsDue(progress.State.Step, EvaluateEvery(progress), progress) && HasValidation)
            await EvaluateAsync(progress, evaluator);
        else if (IsDue(progress.State.Step, CheckpointEvery(progress), progress))
            await SaveAsync(progress);
    }

    private int EvaluateEvery(Progress progress) => _job.Training.EvaluateEvery ?? progress.StepsPerEpoch;

    private int CheckpointEvery(Progress progress) => _job.Training.CheckpointEvery ?? progress.StepsPerEpoch;

    /// <summary>Where workers that do not wait for each other have to: at evaluations and checkpoints.</summary>
    private int NextStop(Progress progress)
    {
        var step = progress.State.Step;
        var next = Math.Min(progress.TotalSteps, step / CheckpointEvery(progress) * CheckpointEvery(progress) + CheckpointEvery(progress));
        return HasValidation ? Math.Min(next, step / EvaluateEvery(progress) * EvaluateEvery(progress) + EvaluateEvery(progress)) : next;
    }

    /// <summary>What the parameters are called by that the workers shall predict with.</summary>
    private async Task<int> PublishForPredictionAsync(Progress progress)
    {
        if (!IsFree)
            return progress.State.Step;
        // Each worker has what was there after its own last update, under the same number.
        var label = -1 - progress.State.Step;
        await progress.Servers!.PublishAsync(label, CancellationToken.None);
        return label;
    }

    private static long[] Sum(IEnumerable<long[]> labels) => labels.Aggregate((left, right) => [.. left.Zip(right, (a, b) => a + b)]);

    private bool HasValidation => _job.Data.Validation is not null;

    private string NameToShow => _job.Data.Validation?.Fold is { } fold ? $"{_job.Name}, {fold}" : _job.Name;

    private async Task EvaluateAsync(Progress progress, Evaluator evaluator)
    {
        using var span = TraceSource.Coordinator.Begin("evaluate", "steps", progress.State.Step - 1);
        var state = progress.State;
        await progress.Servers!.FetchAsync(CancellationToken.None);
        var metrics = await evaluator.EvaluateAsync(await PublishForPredictionAsync(progress), WorkKind.Validate, CancellationToken.None);
        double? composite = null;
        var isBest = false;
        if (_job.Training.EarlyStopping is { } settings)
        {
            composite = EarlyStopping.Composite(settings, metrics);
            progress.State = state with { EarlyStopping = EarlyStopping.Observe(state.EarlyStopping ?? EarlyStopping.Start, composite, state.Step) };
            isBest = progress.State.EarlyStopping!.BestStep == state.Step;
            if (isBest)
                progress.Best_P = [.. state.Parameters_P];
        }
        if (isBest || progress.Best_P is null)
            progress.Validation = metrics;
        _observer.On(new EvaluationCompleted(Seconds, state.Step, EpochOf(progress), "validation", metrics, composite, isBest));
        await SaveFetchedAsync(progress);
    }

    /// <summary>One state for each server: the vectors are shared, rows of tables are not.</summary>
    /// <param name="tables">All rows of each table; empty: none has been trained.</param>
    private IReadOnlyList<ServerState> StatesOf(Progress progress, IReadOnlyList<TableRows> tables)
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
    private async Task<int> InstallBestAsync(Progress progress, ServerGroup servers)
    {
        var best = Checkpoint.Read(_checkpoints.PathOf(progress.ResultStep));
        await servers.InstallAsync(
            [.. StatesOf(progress, best.Tables).Select(state => state with { Parameters_P = best.Parameters_P })], best.Step, CancellationToken.None);
        // No number that the workers have seen.
        var label = -1 - best.Step;
        await servers.PublishAsync(label, CancellationToken.None);
        return label;
    }

    private bool ShouldStop(TrainingState state) =>
        _job.Training.EarlyStopping is { } settings && state.EarlyStopping is { } early && EarlyStopping.ShouldStop(settings, early);

    private static bool IsDue(int step, int every, Progress progress) => step % every == 0 || step == progress.TotalSteps;

    private static int EpochOf(Progress progress) => (Math.Max(progress.State.Step, 1) - 1) / progress.StepsPerEpoch + 1;

    private PlanHeader PlanFor(Progress progress, WorkerFleet fleet, ServerGroup servers) => new(
        fleet.Placement.Generation,
        JobFileWriter.Write(_job),
        [],
        progress.StepsPerEpoch,
        progress.State.Step,
        progress.Weighting.Need != WeightingNeed.Losses,
        Splits.Train | (HasValidation ? Splits.Validation : Splits.None) | (_job.Data.Test is null ? Splits.None : Splits.Test),
        [.. servers.Addresses],
        progress.BatchesPerEpoch,
        (int)Math.Min((long)progress.TotalSteps * _job.Training.LocalSteps, int.MaxValue),
        Trace: _trace is not null);

    private RunStarted Started(Progress progress) => new(
        Seconds, NameToShow, _directory.Root, [.. _job.Tasks.Select(task => task.Name)], progress.Workers, _job.Data.Shards,
        progress.Scan.TrainRowsByShard.Sum(rows => (long)rows), progress.Scan.ValidationRowsByShard.Sum(rows => (long)rows),
        progress.Layout.Length, progress.State.Step, progress.TotalSteps, progress.StepsPerEpoch);

    private async Task SaveAsync(Progress progress)
    {
        await progress.Servers!.FetchAsync(CancellationToken.None);
        await SaveFetchedAsync(progress);
    }

    private async Task SaveFetchedAsync(Progress progress) =>
        Save(progress, progress.ShardStates is { } shards ? await shards.FetchAsync(CancellationToken.None) : ReadOnlyDictionary<string, float[]>.Empty);

    private void Save(Progress progress, IReadOnlyDictionary<string, float[]> shardStates)
    {
        using var span = TraceSource.Coordinator.Begin("checkpoint", "checkpoints", progress.State.Step - 1);
        var state = progress.State;
        var directory = _checkpoints.Write(new CheckpointContent(
            JobFileWriter.Write(_job), _job.Seed, progress.Scan.Schema.ToJson(), state.Step, EpochOf(progress), progress.Layout,
            state.Parameters_P, state.Optimizer.Steps, state.Optimizer.State, state.Weighting.Values, state.RowsTrained,
            state.SecondsTraining, state.EarlyStopping, state.Ledger.ToRows(), progress.Validation)
        {
            WeightingRows_TS = state.WeightingRows_TS,
            ShardStates = shardStates,
            Tables = progress.Servers?.TakeTableChanges() ?? [],
            TablesSince = progress.SavedStep,
        });
        _checkpoints.Prune(state.EarlyStopping?.BestStep);
        progress.SavedStep = state.Step;
        _observer.On(new CheckpointWritten(Seconds, state.Step, directory));
    }

    /// <summary>
    /// The state lies between two whole steps, so it is worth keeping whatever ended the run; but where servers are elsewhere,
    /// or shards keep something, it may have gone with a worker, and the last checkpoint is what there is.
    /// </summary>
    private void SaveWhatThereIs(Progress? progress)
    {
        if (progress is { Servers.Addresses.Count: 0, ShardStates: null, State.Step: > 0 } && progress.SavedStep != progress.State.Step)
            Save(progress, ReadOnlyDictionary<string, float[]>.Empty);
    }

    private RunSummary End(Progress? progress, RunStatus status, string? error)
    {
        var state = progress?.State;
        var summary = new RunSummary(
            _job.Name, status, state?.Step ?? 0, progress is null || state!.Step == 0 ? 0 : EpochOf(progress), state?.RowsTrained ?? 0, Seconds,
            state is { SecondsTraining: > 0 } ? state.RowsTrained / state.SecondsTraining : 0, progress?.Workers ?? 0,
            progress is null ? null : HashOf(progress), state?.EarlyStopping?.BestStep,
            progress?.Validation ?? [], progress?.Test ?? [], error)
        {
            Staleness = progress?.Staleness.Summary,
        };
        state?.Ledger.Write(_directory.LedgerPath);
        _directory.WriteSummary(summary);
        _observer.On(new RunEnded(Seconds, summary));
        return summary;
    }

    /// <summary>Of parameters and table rows; null where rows have gone unsaved.</summary>
    private string? HashOf(Progress progress)
    {
        if (progress.Blueprint.Tables.IsEmpty || progress.State.Step == 0)
            return ParametersHash.Of(progress.Result_P);
        return progress.SavedStep is { } saved && (progress.Best_P is not null || saved == progress.State.Step)
            ? ParametersHash.Of(progress.Result_P, Checkpoint.Read(_checkpoints.PathOf(progress.ResultStep)).Tables)
            : null;
    }

    private void Notice(string text) => _observer.On(new Notice(Seconds, text));

    /// <summary>What a run has come to; the only thing here that changes.</summary>
    private sealed class Progress(DataScan scan, ModelBlueprint blueprint, IWeighting weighting, int batchesPerEpoch, int stepsPerEpoch, int totalSteps, TrainingState state)
    {
        public DataScan Scan { get; } = scan;

        public ModelBlueprint Blueprint { get; } = blueprint;

        public ParameterLayout Layout => Blueprint.Layout;

        public IWeighting Weighting { get; } = weighting;

        /// <summary>Micro-batches of a shard in one pass: with local steps more than updates.</summary>
        public int BatchesPerEpoch { get; } = batchesPerEpoch;

        public int StepsPerEpoch { get; } = stepsPerEpoch;

        public int TotalSteps { get; } = totalSteps;

        public TrainingState State { get; set; } = state;

        public int Workers { get; set; }

        /// <summary>Of each update, where workers do not wait for each other.</summary>
        public StalenessMeter Staleness { get; } = new();

        /// <summary>What the run goes on from; null: from the beginning.</summary>
        public CheckpointContent? Resumed { get; init; }

        /// <summary>Null where shards keep nothing.</summary>
        public ShardStates? ShardStates { get; set; }

        /// <summary>Null before they are started.</summary>
        public ServerGroup? Servers { get; set; }

        /// <summary>Of the result's parameters.</summary>
        public IReadOnlyList<TaskMetrics> Validation { get; set; } = [];

        public IReadOnlyList<TaskMetrics> Test { get; set; } = [];

        /// <summary>Parameters of the best evaluation; null without early stopping.</summary>
        public float[]? Best_P { get; set; }

        public int? SavedStep { get; set; }

        /// <summary>What the run is for: the best parameters where early stopping looks for them, else the last.</summary>
        public float[] Result_P => Best_P ?? State.Parameters_P;

        public int ResultStep => Best_P is null ? State.Step : State.EarlyStopping?.BestStep ?? State.Step;
    }
}
