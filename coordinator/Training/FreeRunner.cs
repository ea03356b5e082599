using System.Threading.Channels;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// Steps of workers that do not wait for each other: every worker's gradients are an update of their own, made as they come,
/// and the worker goes on with what the parameters are then. With a bound none is more steps ahead of the slowest (Ho et al.
/// 2013). Every row still counts once an epoch; the bits depend on who was faster. With one worker they are those of the
/// synchronous steps.
/// </summary>
internal sealed class FreeRunner : IDisposable
{
    /// <summary>What a trace calls the time in which a worker is as far ahead of the slowest as it may be.</summary>
    public const string SlowestSpan = "wait for the slowest";

    private readonly JobFile _job;
    private readonly StepWeigher _weigher;
    private readonly WorkerFleet _fleet;
    private readonly ServerGroup _servers;
    private readonly int _stepsPerEpoch;
    private readonly int _bound;
    private readonly LaneProgress[] _lanes;
    private readonly SemaphoreSlim _turns = new(1, 1);
    private readonly Lock _gate = new();
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="step">That every worker begins with.</param>
    /// <param name="updates">Made before.</param>
    /// <param name="firstLabels">By worker: valid labels of its first step.</param>
    public FreeRunner(
        JobFile job, StepWeigher weigher, WorkerFleet fleet, ServerGroup servers, int stepsPerEpoch, int step, int updates, IReadOnlyDictionary<string, long[]> firstLabels)
    {
        (_job, _weigher, _fleet, _servers, _stepsPerEpoch, Updates) = (job, weigher, fleet, servers, stepsPerEpoch, updates);
        _bound = job.Training.Mode == TrainingMode.StaleSynchronous ? job.Training.Staleness : int.MaxValue;
        _lanes = [.. servers.Lanes.Select((lane, index) => new LaneProgress(index, lane, step, updates, firstLabels[lane.Worker!]))];
    }

    /// <summary>Made so far, over all workers.</summary>
    public int Updates { get; private set; }

    private TimeSpan Deadline => TimeSpan.FromSeconds(_job.Training.StepTimeoutSeconds);

    public void Dispose() => _turns.Dispose();

    /// <summary>Lets every worker make its steps up to <paramref name="target"/>, and returns when all have.</summary>
    /// <param name="stop">All stop after the step that the fastest is in.</param>
    /// <param name="made">Told of each update, one after another.</param>
    public async Task<TrainingState> RunAsync(TrainingState state, int target, Action<TrainingState, StepResult> made, CancellationToken stop)
    {
        using var ended = new CancellationTokenSource();
        var segment = new Segment(state, target, made);
        using var stopping = stop.Register(() =>
        {
            lock (_gate)
                segment.Target = Math.Min(segment.Target, _lanes.Max(lane => lane.Step) + 1);
            Advance();
        });
        var dispatching = DispatchAsync(ended.Token);
        var running = _lanes.Select(lane => RunAsync(lane, segment, ended.Token)).ToList();
        try
        {
            // The first that fails is the reason; the others wait for frames that may never come.
            while (running.Count > 0)
            {
                var first = await Task.WhenAny([.. running, dispatching]);
                await first;
                running.Remove(first);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll([.. running, dispatching]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return segment.State with { Step = segment.Target };
    }

    private async Task RunAsync(LaneProgress lane, Segment segment, CancellationToken cancellation)
    {
        while (true)
        {
            await WaitForTheSlowestAsync(lane, cancellation);
            lock (_gate)
            {
                if (lane.Step >= segment.Target)
                    return;
            }
            await StepAsync(lane, segment, cancellation);
            Advance();
        }
    }

    private async Task StepAsync(LaneProgress lane, Segment segment, CancellationToken cancellation)
    {
        using var span = TraceSource.Coordinator.Begin("step", "steps", lane.Step);
        var place = new StepPlace(lane.Index, lane.Step, Updates + 1, lane.Step / _stepsPerEpoch + 1);
        var ahead = _weigher.Ahead(segment.State, place, lane.Labels_T);
        await _fleet.SendAsync(lane.Members.Worker!, FrameKind.Work, _weigher.Work(place, ahead, lane.Labels_T), default, cancellation);
        var (totals, rowsByShard) = await ReceiveTotalsAsync(lane, cancellation);
        var sums = new LaneSums(ahead, totals, rowsByShard, await _servers.ReportAsync(lane.Index, place.Version, Deadline, cancellation));
        StepWeights weights;
        using (await TurnAsync(cancellation))
        {
            weights = Weigh(segment, place, sums);
            if (!_servers.Shape.HoldsRows)
            {
                await UpdateAsync(lane, segment, place, sums, weights, []);
                return;
            }
        }
        // Others take their turns meanwhile: nobody but its own lane waits for a worker's rows.
        var rows = await _servers.CombineRowsAsync(lane.Index, _weigher.ForRows(place, weights), Deadline, cancellation);
        using (await TurnAsync(cancellation))
            await UpdateAsync(lane, segment, place, sums, weights, rows);
    }

    /// <summary>Moves the weighting on; what it observes of the step follows with the update.</summary>
    private StepWeights Weigh(Segment segment, StepPlace place, LaneSums sums)
    {
        place = place with { Update = Updates + 1 };
        var weights = _weigher.Weigh(segment.State, place, sums.Ahead, sums.Reports, sums.Totals.Labels_T, sums.Totals.MeanLosses_T);
        // Others have moved the weighting on since the weights were asked for: what it remembers begins with them.
        var decision = sums.Ahead is null ? weights.Decision : _weigher.Ahead(segment.State, place, sums.Totals.Labels_T)!.Value;
        segment.State = segment.State with { Weighting = decision.State };
        return weights;
    }

    private async Task UpdateAsync(LaneProgress lane, Segment segment, StepPlace place, LaneSums sums, StepWeights weights, IReadOnlyList<StepReport> rows)
    {
        place = place with { Update = Updates + 1 };
        await _servers.UpdateAsync(_weigher.Order(place, weights, rows), CancellationToken.None);
        var (staleness, losses_T) = (Updates - lane.UpdatesSeen, sums.Totals.MeanLosses_T);
        Updates++;
        segment.State = segment.State.After(place, _weigher.Weighting, segment.State.Weighting, losses_T, sums.RowsByShard);
        lock (_gate)
            (lane.Step, lane.UpdatesSeen, lane.Labels_T) = (lane.Step + 1, Updates, sums.Totals.NextLabels_T);
        segment.Made(
            segment.State with { Step = lane.Step },
            new StepResult(place.Epoch, losses_T, weights.Decision.Weights_T, sums.Totals.Rows) { Notice = weights.Decision.Notice, Staleness = staleness });
    }

    /// <summary>To weigh and to update: one lane at a time.</summary>
    private async Task<Turn> TurnAsync(CancellationToken cancellation)
    {
        await _turns.WaitAsync(cancellation);
        return new Turn(_turns);
    }

    private async Task WaitForTheSlowestAsync(LaneProgress lane, CancellationToken cancellation)
    {
        if (NextAdvanceIfTooFarAhead(lane) is null)
            return;
        using var span = TraceSource.Coordinator.Begin(SlowestSpan, "parts of steps", lane.Step);
        // The slowest has a deadline of its own, which ends all.
        while (NextAdvanceIfTooFarAhead(lane) is { } advanced)
            await advanced.WaitAsync(cancellation);
    }

    /// <returns>Null: the lane may begin its next step.</returns>
    private Task? NextAdvanceIfTooFarAhead(LaneProgress lane)
    {
        lock (_gate)
            return lane.Step - _lanes.Min(other => other.Step) <= _bound ? null : _advanced.Task;
    }

    private void Advance()
    {
        lock (_gate)
        {
            _advanced.TrySetResult();
            _advanced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task<(StepTotals Totals, int[] RowsByShard)> ReceiveTotalsAsync(LaneProgress lane, CancellationToken cancellation)
    {
        using var span = TraceSource.Coordinator.Begin("wait for losses", "parts of steps", lane.Step);
        var (rowsByShard, missing) = (new int[_job.Data.Shards], lane.Members.Shards);
        StepTotals? totals = null;
        while (!missing.IsEmpty)
        {
            SumHeader header;
            try
            {
                header = await lane.Sums.Reader.ReadAsync(cancellation).AsTask().WaitAsync(Deadline, cancellation);
            }
            catch (TimeoutException)
            {
                throw _fleet.Late($"step {lane.Step + 1}", missing, Deadline);
            }
            if (header.Version != lane.Step)
                continue;
            var range = new TreeNode(header.Level, header.Index).Shards(_job.Data.Shards);
            header.RowsByShard.CopyTo(rowsByShard, range.Start);
            missing = missing.Except(Enumerable.Range(range.Start, range.Count));
            var part = new StepTotals(header.LossSums_T, header.Labels_T, header.RowsByShard.Sum(), header.NextLabels_T);
            totals = totals is null ? part : totals + part;
        }
        return (totals!, rowsByShard);
    }

    /// <summary>Gives each worker's sums to its lane, until it is cancelled or a worker is lost.</summary>
    private async Task DispatchAsync(CancellationToken cancellation)
    {
        var byWorker = _lanes.ToDictionary(lane => lane.Members.Worker!);
        while (true)
        {
            // Each lane has its deadline; this one only has to be longer.
            var (worker, received) = await _fleet.ReceiveAsync(Deadline + Deadline, "any step", () => _lanes.SelectMany(lane => lane.Members.Shards), cancellation);
            using var frame = received;
            if (frame.Kind != FrameKind.Sum)
                throw new JobException($"worker {worker} sent {frame.Kind} instead of its sums", ExitCode.ClusterLost);
            var header = frame.Header<SumHeader>();
            if (header.Generation == _fleet.Placement.Generation)
                byWorker[worker].Sums.Writer.TryWrite(header);
        }
    }

    /// <summary>Where one worker stands.</summary>
    private sealed class LaneProgress(int index, LaneMembers members, int step, int updates, long[] labels_T)
    {
        public int Index => index;

        public LaneMembers Members => members;

        public int Step { get; set; } = step;

        /// <summary>How many had been made when it got its parameters.</summary>
        public int UpdatesSeen { get; set; } = updates;

        /// <summary>Valid labels of its next step.</summary>
        public long[] Labels_T { get; set; } = labels_T;

        public Channel<SumHeader> Sums { get; } = Channel.CreateUnbounded<SumHeader>();
    }

    /// <summary>What a worker's step has come to before it is weighed.</summary>
    /// <param name="Ahead">As of <see cref="StepWeigher.Ahead"/>.</param>
    private sealed record LaneSums(WeightingDecision? Ahead, StepTotals Totals, int[] RowsByShard, IReadOnlyList<StepReport> Reports);

    private readonly struct Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }

    private sealed class Segment(TrainingState state, int target, Action<TrainingState, StepResult> made)
    {
        public TrainingState State { get; set; } = state;

        public int Target { get; set; } = target;

        public Action<TrainingState, StepResult> Made => made;
    }
}
