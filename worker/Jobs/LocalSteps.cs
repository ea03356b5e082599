using System.Numerics.Tensors;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Data;
using DistMtl.Learning;
using DistMtl.Protocol.Models;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// Steps that one data shard takes by itself: micro-batch after micro-batch with the job's optimiser, whose moments it keeps
/// from round to round (DiLoCo, Douillard et al. 2023, algorithm 1, with a shard in the place of a worker, so that the number
/// of workers leaves no trace). Not thread-safe.
/// </summary>
internal sealed class LocalSteps
{
    private readonly JobPlan _plan;
    private readonly Optimizer _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly float[] _parameters_P;
    private readonly float[] _gradients_P;

    public LocalSteps(JobPlan plan, ModelBlueprint blueprint)
    {
        _plan = plan;
        _optimizer = Optimizer.Create(plan.Job.Optimizer, ParameterSegment.Of(blueprint.Layout, plan.Job.Optimizer, plan.Job.Tasks, blueprint.Tables));
        _schedule = new LearningRateSchedule(plan.Job.Optimizer.Schedule, plan.Header.TotalBatches, plan.Header.BatchesPerEpoch);
        (_parameters_P, _gradients_P) = (new float[blueprint.Layout.Length], new float[blueprint.Layout.Length]);
    }

    /// <summary>The live vectors, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, float[]> State => _optimizer.State;

    /// <param name="step">The round that comes next.</param>
    public void Restore(int step, IReadOnlyDictionary<string, float[]> state) => _optimizer.Restore(BatchesBefore(step), state);

    /// <summary>Takes the steps of one round.</summary>
    /// <param name="learner">Its parameters are the shard's when this returns.</param>
    /// <param name="start_P">The parameters that all shards begin with.</param>
    /// <param name="weights_T">Of the tasks' mean losses.</param>
    /// <param name="seedOf">Of a micro-batch's dropout, by its place in the round.</param>
    /// <param name="move_P">Overwritten: how far the parameters have come, back, which is the outer gradient.</param>
    /// <returns>lossSums_T over all micro-batches.</returns>
    public double[] Run(int step, ShardBatch batch, Learner learner, ReadOnlySpan<float> start_P, float[] weights_T, Func<int, ulong> seedOf, Span<float> move_P)
    {
        start_P.CopyTo(_parameters_P);
        var lossSums_T = new double[weights_T.Length];
        for (var i = 0; i < batch.Batches.Count; i++)
        {
            var rows = batch.Batches[i];
            learner.Load(_parameters_P);
            if (rows.Count > 0)
                TensorPrimitives.Add(lossSums_T, learner.CombinedGradient(rows, PulledRows.None, seedOf(i), Coefficients(rows, weights_T), _gradients_P), lossSums_T);
            else
                Array.Clear(_gradients_P);
            if (_plan.Job.Optimizer.ClipNorm is { } maxNorm)
                GradientClipping.Clip(_gradients_P, _optimizer.Segments.AsSpan(), maxNorm);
            _optimizer.Step(_parameters_P, _gradients_P, _schedule.Factor(BatchesBefore(step) + i));
        }
        TensorPrimitives.Subtract(start_P, _parameters_P, move_P);
        return lossSums_T;
    }

    /// <summary>Means are the shard's own: nobody else's rows are in its steps.</summary>
    private static float[] Coefficients(EncodedRows rows, float[] weights_T)
    {
        var counts_T = new long[weights_T.Length];
        for (var i = 0; i < rows.Labels_BT.Length; i++)
            counts_T[i % counts_T.Length] += float.IsNaN(rows.Labels_BT[i]) ? 0 : 1;
        return [.. weights_T.Zip(GradientCombiner.MeanScales(counts_T), (weight, scale) => (float)(weight * scale))];
    }

    private int BatchesBefore(int step)
    {
        var (epoch, inEpoch) = Math.DivRem(step, _plan.Header.StepsPerEpoch);
        return epoch * _plan.Header.BatchesPerEpoch + inEpoch * _plan.Job.Training.LocalSteps;
    }
}
