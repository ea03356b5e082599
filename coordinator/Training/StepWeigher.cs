using DistMtl.Aggregation;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.ParameterServers;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>Whose step is weighed, and which it is.</summary>
/// <param name="Version">The lane's step.</param>
/// <param name="Update">Over all lanes, 1 for the first.</param>
internal readonly record struct StepPlace(int Lane, int Version, int Update, int Epoch);

/// <summary>How the tasks of a step are weighed.</summary>
/// <param name="Coefficients">That make the update of the tasks' sums; null: the workers have combined them already.</param>
/// <param name="Counts_T">N_t, what makes means of what the servers have added up.</param>
/// <param name="Labels_T">Valid labels of the step; not the counts where what is added up are means.</param>
/// <param name="Reports">That the tasks were weighed by.</param>
internal sealed record StepWeights(WeightingDecision Decision, TaskCoefficients? Coefficients, long[] Counts_T, long[] Labels_T, IReadOnlyList<StepReport> Reports);

/// <summary>From the servers' reports to the order for their update: Gramian, task weights, clipping, learning rate.</summary>
internal sealed class StepWeigher(JobFile job, IWeighting weighting, LearningRateSchedule schedule, ServerGroup servers)
{
    private readonly GradientShape _shape = servers.Shape.Gradient;

    public IWeighting Weighting => weighting;

    /// <summary>What weighs by earlier losses is known before the backward pass, so the workers combine and one gradient travels.</summary>
    /// <returns>Null: the gradients must be there first.</returns>
    public WeightingDecision? Ahead(TrainingState state, StepPlace place, long[] labels_T) =>
        _shape.IsPerTask ? null : Scale(weighting.Weigh(state.Weighting, new WeightingInput(place.Update, place.Epoch, labels_T)), labels_T);

    /// <summary>
    /// The order to compute a step's gradients: a combined backward pass multiplies each task's loss sum by its weight over
    /// the labels, local steps by the weight over labels of their own; compressed gradients of every task become means before
    /// they are compressed.
    /// </summary>
    public WorkHeader Work(StepPlace place, WeightingDecision? ahead, long[] labels_T) => new(
        servers.Shape.Generation, place.Version, WorkKind.Train,
        ahead is not { } decision ? null
            : job.Training.LocalSteps > 1 ? [.. decision.Weights_T.Select(weight => (float)weight)]
            : [.. decision.Weights_T.Zip(GradientCombiner.MeanScales(labels_T), (weight, scale) => (float)(weight * scale))],
        CompressesTasks ? labels_T : null);

    private bool CompressesTasks => servers.Shape.Compression is not null && _shape.IsPerTask;

    /// <param name="ahead">As of <see cref="Ahead"/>.</param>
    /// <param name="reports">Of all servers.</param>
    /// <param name="losses_T">Mean over the valid labels.</param>
    public StepWeights Weigh(
        TrainingState state, StepPlace place, WeightingDecision? ahead, IReadOnlyList<StepReport> reports, long[] labels_T, IReadOnlyList<double?> losses_T)
    {
        using var span = TraceSource.Coordinator.Begin("weigh", "parts of steps", place.Version);
        if (ahead is { } known)
            return new StepWeights(known, null, labels_T, labels_T, reports);
        var input = new WeightingInput(place.Update, place.Epoch, labels_T, Losses_T: losses_T);
        var (weightingState, counts_T) = (state.Weighting, CompressesTasks ? [.. labels_T.Select(labels => Math.Min(labels, 1))] : labels_T);
        if (weighting is IRowWeighting rows)
        {
            // Rewritten rows are means from then on, not sums.
            reports = [servers.Rewrite(gradients =>
            {
                counts_T = GradientCombiner.DivideByLabels(_shape, gradients, counts_T);
                weightingState = rows.Rewrite(weightingState, state.WeightingRows_TS, input, gradients.AsSpan(.. (_shape.Tasks * _shape.SharedLength)));
            })];
        }
        if (weighting.Need != WeightingNeed.CurrentLosses)
            input = input with { Gramian_TT = StepReport.Total(reports, _shape.Tasks).ToGramian(GradientCombiner.MeanScales(counts_T)) };
        var decision = Scale(weighting.Weigh(weightingState, input), labels_T);
        return new StepWeights(decision, new TaskCoefficients(decision.Weights_T, counts_T, decision.OwnWeights_T), counts_T, labels_T, reports);
    }

    /// <summary>What workers combine the gradients of table rows by that they hold: sums, for they are not compressed yet.</summary>
    public WeightsHeader ForRows(StepPlace place, StepWeights weights) =>
        new(servers.Shape.Generation, place.Version, weights.Decision.Weights_T, weights.Decision.OwnWeights_T, weights.Labels_T);

    /// <param name="rows">Reports of rows that were held; empty: there are none.</param>
    public UpdateOrder Order(StepPlace place, StepWeights weights, IReadOnlyList<StepReport> rows)
    {
        if (job.Training.LocalSteps > 1)
            return new UpdateOrder(place.Lane, place.Version, place.Update, null, null, weights.Counts_T, 1, 1.0 / job.Data.Shards);
        var clip = job.Optimizer.ClipNorm is { } maxNorm ? GradientClipping.Factor(StepReport.Norm(weights.Reports, rows, _shape.Tasks, weights.Coefficients), maxNorm) : 1;
        var (weights_T, ownWeights_T) = weights.Coefficients is null ? (null, null) : (weights.Decision.Weights_T, weights.Decision.OwnWeights_T);
        return new UpdateOrder(place.Lane, place.Version, place.Update, weights_T, ownWeights_T, weights.Counts_T, schedule.Factor(place.Version), clip);
    }

    private WeightingDecision Scale(WeightingDecision raw, IReadOnlyList<long> labels_T) => WeightingTable.Scale(raw, job.Weighting.Scale, labels_T);
}
