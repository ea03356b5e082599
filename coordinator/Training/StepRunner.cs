using System.Buffers;
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
/// One synchronous step after another: parameters out, sums in, Gramian, task weights, one update. The bits depend on
/// the job and the step alone, for sums meet in a tree that is fixed by shard number.
/// </summary>
/// <param name="server">Holds the parameters, and has sent them to the workers.</param>
/// <param name="firstLabels_T">Valid labels of the first step, over all shards.</param>
internal sealed class StepRunner(
    JobFile job, ServerShape shape, IWeighting weighting, LearningRateSchedule schedule, WorkerFleet fleet, ParameterServer server, int stepsPerEpoch, long[] firstLabels_T)
{
    private readonly GradientShape _shape = shape.Gradient;
    private readonly float[] _gradients = new float[shape.Gradient.Length];
    private readonly float[] _update_P = new float[shape.Gradient.ParameterLength];
    private readonly int[] _rowsByShard = new int[job.Data.Shards];

    /// <summary>Valid labels of the next step, over all shards; the workers count one step ahead.</summary>
    private long[] _labels_T = firstLabels_T;

    /// <summary>Makes one update: <paramref name="state"/>'s parameters and optimiser change in place.</summary>
    public async Task<(TrainingState State, StepResult Result)> RunAsync(TrainingState state, CancellationToken cancellation)
    {
        var epoch = state.Step / stepsPerEpoch + 1;
        // What weighs by earlier losses is known before the backward pass, so the workers combine and one gradient travels.
        WeightingDecision? known = _shape.IsPerTask ? null : Scale(weighting.Weigh(state.Weighting, new WeightingInput(state.Step + 1, epoch, _labels_T)), _labels_T);
        await SendWorkAsync(state, known?.Weights_T, cancellation);
        var totals = await ReceiveTotalsAsync(state.Step, cancellation);
        var sums = await CollectAsync(cancellation);
        double?[] losses_T = [.. totals.LossSums_T.Select((sum, task) => totals.Labels_T[task] == 0 ? (double?)null : sum / totals.Labels_T[task])];

        if (known is not null)
            _gradients.CopyTo(_update_P, 0);
        var decision = known ?? CombineTaskGradients(state, totals, sums.Rows, new WeightingInput(state.Step + 1, epoch, totals.Labels_T, Losses_T: losses_T));
        if (job.Optimizer.ClipNorm is { } maxNorm)
            GradientClipping.Clip(_update_P, state.Optimizer.Segments.AsSpan(), maxNorm);
        var factor = schedule.Factor(state.Step);
        state.Optimizer.Step(state.Parameters_P, _update_P, factor);
        if (sums.Rows is { } rows)
        {
            server.UpdateRows(rows, known is null ? decision : null, totals.Labels_T, factor);
            ArrayPool<float>.Shared.Return(rows.Gradients);
        }
        await server.PublishAsync(state.Step + 1, cancellation);

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
    private WeightingDecision CombineTaskGradients(TrainingState state, StepTotals totals, RowSum? rowSum, WeightingInput input)
    {
        var (weightingState, counts_T) = (state.Weighting, totals.Labels_T);
        if (weighting is IRowWeighting rows)
        {
            counts_T = GradientCombiner.DivideByLabels(_shape, _gradients, totals.Labels_T);
            weightingState = rows.Rewrite(weightingState, state.WeightingRows_TS, input, _gradients.AsSpan(.. (_shape.Tasks * _shape.SharedLength)));
        }
        if (weighting.Need != WeightingNeed.CurrentLosses)
        {
            var gramian_TT = Gramian.Compute(_gradients, _shape.Tasks, _shape.SharedLength, GradientCombiner.MeanScales(counts_T));
            if (rowSum is not null)
                AddRows(gramian_TT, RowProducts.Shared(shape.Tables, rowSum), GradientCombiner.MeanScales(counts_T));
            input = input with { Gramian_TT = gramian_TT };
        }
        var decision = Scale(weighting.Weigh(weightingState, input), totals.Labels_T);
        GradientCombiner.Combine(_shape, _gradients, decision.Weights_T, counts_T, _update_P, decision.OwnWeights_T);
        return decision;
    }

    private static void AddRows(double[,] gramian_TT, double[][] partials, double[] scales_T)
    {
        var pair = 0;
        for (var i = 0; i < scales_T.Length; i++)
        {
            for (var j = 0; j <= i; j++, pair++)
            {
                var product = scales_T[i] * scales_T[j] * partials.Sum(partial => partial[pair]);
                gramian_TT[i, j] += product;
                if (i != j)
                    gramian_TT[j, i] += product;
            }
        }
    }

    private WeightingDecision Scale(WeightingDecision raw, IReadOnlyList<long> labels_T) => WeightingTable.Scale(raw, job.Weighting.Scale, labels_T);

    private async Task SendWorkAsync(TrainingState state, double[]? weights_T, CancellationToken cancellation)
    {
        var coefficients_T = weights_T is null
            ? null
            : weights_T.Zip(GradientCombiner.MeanScales(_labels_T), (weight, scale) => (float)(weight * scale)).ToArray();
        await fleet.SendAsync(FrameKind.Work, new WorkHeader(fleet.Placement.Generation, state.Step, WorkKind.Train, coefficients_T), default, cancellation);
    }

    private TimeSpan Deadline => TimeSpan.FromSeconds(job.Training.StepTimeoutSeconds);

    private async Task<StepSums> CollectAsync(CancellationToken cancellation)
    {
        try
        {
            var sums = await server.CollectAsync(Deadline, cancellation);
            foreach (var slice in shape.Slices.All)
            {
                var (gradient, start) = (sums.Slice(slice.Index), 0);
                foreach (var (offset, length) in shape.Slices.Segments(_shape, slice.Index))
                {
                    gradient.AsSpan(start, length).CopyTo(_gradients.AsSpan(offset));
                    start += length;
                }
                ArrayPool<float>.Shared.Return(gradient);
            }
            return sums;
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
