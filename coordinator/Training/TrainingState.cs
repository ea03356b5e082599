using System.Collections.ObjectModel;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Runs;

namespace DistMtl.Coordinator.Training;

/// <summary>All that changes from step to step: what a checkpoint must hold for a run to go on to the same bits.</summary>
/// <param name="Step">Updates made; the version of the parameters.</param>
/// <param name="Parameters_P">The coordinator's copy: what servers of its own process update in place, and what is fetched of others.</param>
/// <param name="Optimizer">With its own vectors; alike.</param>
internal sealed record TrainingState(
    int Step,
    float[] Parameters_P,
    Optimizer Optimizer,
    WeightingState Weighting,
    EarlyStoppingState? EarlyStopping,
    Ledger Ledger,
    long RowsTrained,
    double SecondsTraining)
{
    /// <summary>What a row weighting keeps between steps, each of T x shared parameters; updated in place.</summary>
    public IReadOnlyDictionary<string, float[]> WeightingRows_TS { get; init; } = ReadOnlyDictionary<string, float[]>.Empty;

    /// <summary>After an update; the parameters have changed in place.</summary>
    /// <param name="weightingState">That the weighting decided with.</param>
    /// <param name="rowsByShard">That the update was made of.</param>
    public TrainingState After(StepPlace place, IWeighting weighting, WeightingState weightingState, IReadOnlyList<double?> losses_T, IReadOnlyList<int> rowsByShard)
    {
        var ledger = Ledger;
        for (var shard = 0; shard < rowsByShard.Count; shard++)
            ledger = ledger.Add(place.Epoch, shard, rowsByShard[shard]);
        return this with
        {
            Step = place.Version + 1,
            Weighting = weighting.Observe(weightingState, new StepLosses(place.Update, place.Epoch, losses_T)),
            Ledger = ledger,
            RowsTrained = RowsTrained + rowsByShard.Sum(),
        };
    }
}
