using DistMtl.Aggregation;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>What one step did.</summary>
/// <param name="Losses_T">Mean over the valid labels; null where no row had the label.</param>
/// <param name="Weights_T">As used.</param>
internal sealed record StepResult(int Epoch, IReadOnlyList<double?> Losses_T, IReadOnlyList<double> Weights_T, int Rows)
{
    /// <summary>What the weighting has to tell the user; null: nothing.</summary>
    public string? Notice { get; init; }
}

/// <summary>
/// One synchronous step after another: the workers' sums meet on the parameter servers, whose reports make the Gramian; the
/// weighting turns it into task weights, with which the servers make one update. The bits depend on the job and the step
/// alone, for sums meet in a tree that is fixed by shard number.
/// </summary>
/// <param name="servers">Hold the parameters, and have sent them to the workers.</param>
/// <param name="firstLabels_T">Valid labels of the first step, over all shards.</param>
internal sealed class StepRunner(
    JobFile job, IWeighting weighting, LearningRateSchedule schedule, WorkerFleet fleet, ServerGroup servers, int stepsPerEpoch, long[] firstLabels_T)
{
    private readonly GradientShape _shape = servers.Shape.Gradient;
    private readonly int[] _rowsByShard = new int[job.Data.Shards];

    /// <summary>Valid labels of the next step, over all shards; the workers count one step ahead.</summary>
    private long[] _labels_T = firstLabels_T;

    private TimeSpan Deadline => TimeSpan.FromSeconds(job.Training.StepTimeoutSeconds);

    /// <summary>Makes one update: the servers' parameters and optimisers change in place.</summary>
    public async Task<(TrainingState State, StepResult Result)> RunAsync(TrainingState state, CancellationToken cancellation)
    {
        var epoch = state.Step / stepsPerEpoch + 1;
        // What weighs by earlier losses is known before the backward pass, so the workers combine and one gradient travels.
        WeightingDecision? known = _shape.IsPerTask ? null : Scale(weighting.Weigh(state.Weighting, new WeightingInput(state.Step + 1, epoch, _labels_T)), _labels_T);
        await SendWorkAsync(state, known?.Weights_T, cancellation);
        var totals = await ReceiveTotalsAsync(state.Step, cancellation);
        double?[] losses_T = [.. totals.LossSums_T.Select((sum, task) => totals.Labels_T[task] == 0 ? (double?)null : sum / totals.Labels_T[task])];
        var reports = await ReportAsync(cancellation);
        var (decision, order) = known is { } weights
            ? (weights, Order(state, reports, null, totals.Labels_T))
            : Weigh(state, reports, totals.Labels_T, new WeightingInput(state.Step + 1, epoch, totals.Labels_T, Losses_T: losses_T));
        await servers.UpdateAsync(order, cancellation);

        _labels_T = totals.NextLabels_T;
        var ledger = state.Ledger;
        for (var shard = 0; shard < _rowsByShard.Length; shard++)
            ledger = ledger.Add(epoch, shard, _rowsByShard[shard]);
        return (
            state with
            {
                Step = state.Step + 1,
                Weighting = weighting.Observe(decision.State, new StepLosses(state.Step + 1, epoch, losses_T)),
                Ledger = ledger,
                RowsTrained = state.RowsTrained + totals.Rows,
            },
            new StepResult(epoch, losses_T, decision.Weights_T, totals.Rows) { Notice = decision.Notice });
    }

    /// <summary>The update from T gradients; rows that the weighting rewrites are means from then on, not sums.</summary>
    private (WeightingDecision Decision, UpdateOrder Order) Weigh(TrainingState state, IReadOnlyList<StepReport> reports, long[] labels_T, WeightingInput input)
    {
        var (weightingState, counts_T) = (state.Weighting, labels_T);
        if (weighting is IRowWeighting rows)
        {
            reports = [servers.Rewrite(gradients =>
            {
                counts_T = GradientCombiner.DivideByLabels(_shape, gradients, labels_T);
                weightingState = rows.Rewrite(weightingState, state.WeightingRows_TS, input, gradients.AsSpan(.. (_shape.Tasks * _shape.SharedLength)));
            })];
        }
        var total = StepReport.Total(reports, _shape.Tasks, job.Weighting.Scope == WeightingScope.All);
        if (weighting.Need != WeightingNeed.CurrentLosses)
            input = input with { Gramian_TT = total.ToGramian(GradientCombiner.MeanScales(counts_T)) };
        var decision = Scale(weighting.Weigh(weightingState, input), labels_T);
        return (decision, Order(state, reports, decision, counts_T));
    }

    /// <param name="decision">Null: the gradient is combined already.</param>
    private UpdateOrder Order(TrainingState state, IReadOnlyList<StepReport> reports, WeightingDecision? decision, long[] counts_T)
    {
        var clip = 1.0;
        if (job.Optimizer.ClipNorm is { } maxNorm)
        {
            var coefficients = decision is { } weights ? new TaskCoefficients(weights.Weights_T, counts_T, weights.OwnWeights_T) : null;
            clip = GradientClipping.Factor(StepReport.Total(reports, _shape.Tasks, rowsCount: true).Norm(coefficients), maxNorm);
        }
        return new UpdateOrder(0, state.Step, state.Step + 1, decision?.Weights_T, decision?.OwnWeights_T, counts_T, schedule.Factor(state.Step), clip);
    }

    private WeightingDecision Scale(WeightingDecision raw, IReadOnlyList<long> labels_T) => WeightingTable.Scale(raw, job.Weighting.Scale, labels_T);

    private async Task SendWorkAsync(TrainingState state, double[]? weights_T, CancellationToken cancellation)
    {
        var coefficients_T = weights_T is null
            ? null
            : weights_T.Zip(GradientCombiner.MeanScales(_labels_T), (weight, scale) => (float)(weight * scale)).ToArray();
        await fleet.SendAsync(FrameKind.Work, new WorkHeader(fleet.Placement.Generation, state.Step, WorkKind.Train, coefficients_T), default, cancellation);
    }

    private async Task<IReadOnlyList<StepReport>> ReportAsync(CancellationToken cancellation)
    {
        try
        {
            return await fleet.UnlessLostAsync(servers.ReportAsync(0, Deadline, cancellation));
        }
        catch (TimeoutException e)
        {
            throw new JobException($"no answer within {Deadline.TotalSeconds:0.#} s: {e.Message}", ExitCode.ClusterLost, e);
        }
    }

    /// <summary>Adds up the losses and counts of the workers' subtrees.</summary>
    private async Task<StepTotals> ReceiveTotalsAsync(int version, CancellationToken cancellation)
    {
        var reducer = new TreeReducer<StepTotals>(job.Data.Shards, (left, right) => left + right);
        while (!reducer.IsComplete)
        {
            var (worker, received) = await fleet.ReceiveAsync(Deadline, () => $"step {version + 1} lacks shards {string.Join(", ", reducer.MissingShards)}", cancellation);
            using var frame = received;
            if (frame.Kind != FrameKind.Sum)
                throw new JobException($"worker {worker} sent {frame.Kind} instead of its sums", ExitCode.ClusterLost);
            var header = frame.Header<SumHeader>();
            if (header.Generation != fleet.Placement.Generation || header.Version != version)
                continue;
            var node = new TreeNode(header.Level, header.Index);
            header.RowsByShard.CopyTo(_rowsByShard, node.Shards(job.Data.Shards).Start);
            reducer.Add(node, new StepTotals(header.LossSums_T, header.Labels_T, header.RowsByShard.Sum(), header.NextLabels_T));
        }
        return reducer.Root;
    }
}
