using DistMtl.Aggregation;
using DistMtl.Coordinator.Cluster;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// One synchronous step after another: the workers' sums meet on the parameter servers, whose reports make the Gramian; the
/// weighting turns it into task weights, with which the servers make one update (with weighting.scope trunk the workers send
/// the gradients of table rows in between, combined by these weights). The bits depend on the job and the step
/// alone, for sums meet in a tree that is fixed by shard number.
/// </summary>
/// <param name="servers">Hold the parameters, and have sent them to the workers.</param>
/// <param name="rates">Of these workers, whose median a step's deadline follows.</param>
/// <param name="firstLabels_T">Valid labels of the first step, over all shards.</param>
internal sealed class StepRunner(
    JobFile job, StepWeigher weigher, WorkerFleet fleet, ServerGroup servers, WorkerRates rates, int stepsPerEpoch, long[] firstLabels_T)
{
    private readonly int[] _rowsByShard = new int[job.Data.Shards];
    private int _skipped;
    private int _kept;

    /// <summary>Valid labels of the next step, over all shards; the workers count one step ahead.</summary>
    private long[] _labels_T = firstLabels_T;

    private TimeSpan Deadline => rates.DeadlineOf(TimeSpan.FromSeconds(job.Training.StepTimeoutSeconds));

    /// <summary>Makes one update: the servers' parameters and optimisers change in place.</summary>
    public async Task<(TrainingState State, StepResult Result)> RunAsync(TrainingState state, CancellationToken cancellation)
    {
        using var span = TraceSource.Coordinator.Begin("step", "steps", state.Step);
        var place = new StepPlace(0, state.Step, state.Step + 1, state.Step / stepsPerEpoch + 1);
        FaultPlan.Own.At(FaultPhase.Before, state.Step + 1);
        var ahead = weigher.Ahead(state, place, _labels_T);
        // Before the call: where this process does not get its core back at once, the workers have begun without it.
        rates.BeginStep();
        await fleet.SendAsync(FrameKind.Work, weigher.Work(place, ahead, _labels_T), default, cancellation);
        var totals = await ReceiveTotalsAsync(state.Step, cancellation);
        rates.EndStep();
        var losses_T = totals.MeanLosses_T;
        var reports = await servers.ReportAsync(place.Lane, place.Version, Deadline, cancellation);
        if (totals.NotFinite is { } reason)
            return await SkipAsync(state, place, totals, reason, cancellation);
        FaultPlan.Own.At(FaultPhase.Weighing, state.Step + 1);
        _skipped = 0;
        var weights = weigher.Weigh(state, place, ahead, reports, totals.Labels_T, losses_T);
        var rows = servers.Shape.HoldsRows ? await servers.CombineRowsAsync(place.Lane, weigher.ForRows(place, weights), Deadline, cancellation) : [];
        await servers.UpdateAsync(weigher.Order(place, weights, rows), cancellation);
        FaultPlan.Own.At(FaultPhase.Committed, state.Step + 1);
        _labels_T = totals.NextLabels_T;
        var decision = weights.Decision;
        return (state.After(place, weigher.Weighting, decision.State, losses_T, _rowsByShard), new StepResult(place.Epoch, losses_T, decision.Weights_T, totals.Rows) { Notice = KeptNotice(place) ?? decision.Notice });
    }

    /// <summary>Of a step that a loss has interrupted; null: of any other.</summary>
    private string? KeptNotice(StepPlace place) =>
        _kept == 0 ? null : $"step {place.Version + 1}: {_kept} of {job.Data.Shards} data shards had been computed before, and were not computed again";

    /// <summary>Leaves a step out: nothing of it reaches an optimiser, a weighting or the ledger.</summary>
    private async Task<(TrainingState State, StepResult Result)> SkipAsync(
        TrainingState state, StepPlace place, StepTotals totals, string reason, CancellationToken cancellation)
    {
        if (++_skipped > job.Training.MaxSkips)
            throw new JobException($"{job.Training.MaxSkips} steps in a row were skipped (training.maxSkips), and {reason}", ExitCode.TrainingFailed);
        await servers.UpdateAsync(new UpdateOrder(place.Lane, place.Version, place.Update, null, null, totals.Labels_T, 1, 1) { IsSkipped = true }, cancellation);
        _labels_T = totals.NextLabels_T;
        return (state with { Step = place.Version + 1 }, new StepResult(place.Epoch, [.. job.Tasks.Select(_ => (double?)null)], [.. job.Tasks.Select(_ => 0.0)], 0)
        {
            Notice = $"step {place.Version + 1} is skipped: {reason}",
        });
    }

    /// <summary>Adds up the losses and counts of the workers' subtrees.</summary>
    private async Task<StepTotals> ReceiveTotalsAsync(int version, CancellationToken cancellation)
    {
        using var span = TraceSource.Coordinator.Begin("wait for losses", "parts of steps", version);
        var reducer = new TreeReducer<StepTotals>(job.Data.Shards, (left, right) => left + right);
        _kept = 0;
        while (!reducer.IsComplete)
        {
            var (worker, received) = await fleet.ReceiveAsync(Deadline, $"step {version + 1}", () => reducer.MissingShards, cancellation);
            using var frame = received;
            if (frame.Kind != FrameKind.Sum)
                throw new JobException($"worker {worker} sent {frame.Kind} instead of its sums", ExitCode.ClusterLost);
            var header = frame.Header<SumHeader>();
            if (header.Generation != fleet.Placement.Generation || header.Version != version)
                continue;
            var node = new TreeNode(header.Level, header.Index);
            if (job.Training.BackupShards > 0 && reducer.HasLeaf(node))
                continue;
            header.RowsByShard.CopyTo(_rowsByShard, node.Shards(job.Data.Shards).Start);
            _kept += header.Kept;
            var rows = header.RowsByShard.Sum();
            rates.Add(worker, rows);
            reducer.Add(node, new StepTotals(header.LossSums_T, header.Labels_T, rows, header.NextLabels_T) { NotFinite = header.NotFinite });
        }
        return reducer.Root;
    }
}
