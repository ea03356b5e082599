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
    public (WeightingDecision Decision, UpdateOrder Order) Decide(
        TrainingState state, StepPlace place, WeightingDecision? ahead, IReadOnlyList<StepReport> reports, long[] labels_T, IReadOnlyList<double?> losses_T)
    {
        using var span = TraceSource.Coordinator.Begin("weigh", "parts of steps", place.Version);
        if (ahead is { } known)
            return (known, Order(place, reports, null, labels_T));
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
        {
            var total = StepReport.Total(reports, _shape.Tasks, rowsCount: job.Weighting.Scope == WeightingScope.All);
            input = input with { Gramian_TT = total.ToGramian(GradientCombiner.MeanScales(counts_T)) };
        }
        var decision = Scale(weighting.Weigh(weightingState, input), labels_T);
        return (decision, Order(place, reports, decision, counts_T));
    }

    /// <param name="decision">Null: the gradient is combined already.</param>
    private UpdateOrder Order(StepPlace place, IReadOnlyList<StepReport> reports, WeightingDecision? decision, long[] counts_T)
    {
        if (job.Training.LocalSteps > 1)
            return new UpdateOrder(place.Lane, place.Version, place.Update, null, null, counts_T, 1, 1.0 / job.Data.Shards);
        var clip = 1.0;
        if (job.Optimizer.ClipNorm is { } maxNorm)
        {
            var coefficients = decision is { } weights ? new TaskCoefficients(weights.Weights_T, counts_T, weights.OwnWeights_T) : null;
            clip = GradientClipping.Factor(StepReport.Total(reports, _shape.Tasks, rowsCount: true).Norm(coefficients), maxNorm);
        }
        return new UpdateOrder(place.Lane, place.Version, place.Update, decision?.Weights_T, decision?.OwnWeights_T, counts_T, schedule.Factor(place.Version), clip);
    }

    private WeightingDecision Scale(WeightingDecision raw, IReadOnlyList<long> labels_T) => WeightingTable.Scale(raw, job.Weighting.Scale, labels_T);
}
