using System.Collections.ObjectModel;
using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>Everything from which a run goes on to the same bits.</summary>
/// <param name="JobYaml">The job as it runs, defaults filled in.</param>
/// <param name="SchemaJson">What was learnt from the training rows: vocabularies, means, label ranges.</param>
/// <param name="Step">Updates made.</param>
/// <param name="Epoch">Epoch of the last update; 1 for the first.</param>
/// <param name="Layout">Names and shapes of the P parameters.</param>
/// <param name="Parameters_P">P numbers in layout order.</param>
/// <param name="OptimizerSteps">Updates that the optimiser has made (its bias correction depends on them).</param>
/// <param name="OptimizerState">P numbers in layout order per state: exp_avg, exp_avg_sq, ...</param>
/// <param name="WeightingState">What the weighting remembers, by a name of its own.</param>
/// <param name="RowsTrained">Over all epochs.</param>
/// <param name="SecondsTrained">Wall clock of the run up to here, earlier parts included.</param>
/// <param name="EarlyStopping">Null: none is asked for.</param>
/// <param name="Ledger">How often rows were counted up to here.</param>
/// <param name="Validation">Metrics of the last evaluation; empty before the first.</param>
internal sealed record CheckpointContent(
    string JobYaml,
    ulong Seed,
    string SchemaJson,
    int Step,
    int Epoch,
    ParameterLayout Layout,
    float[] Parameters_P,
    long OptimizerSteps,
    IReadOnlyDictionary<string, float[]> OptimizerState,
    IReadOnlyDictionary<string, double[]> WeightingState,
    long RowsTrained,
    double SecondsTrained,
    EarlyStoppingState? EarlyStopping,
    IReadOnlyList<LedgerRow> Ledger,
    IReadOnlyList<TaskMetrics> Validation)
{
    /// <summary>What a weighting keeps of the tasks' gradients, T x shared parameters each; empty for most.</summary>
    public IReadOnlyDictionary<string, float[]> WeightingRows_TS { get; init; } = ReadOnlyDictionary<string, float[]>.Empty;

    /// <summary>What data shards keep from step to step, by "shard-i/vector"; empty for most jobs.</summary>
    public IReadOnlyDictionary<string, float[]> ShardStates { get; init; } = ReadOnlyDictionary<string, float[]>.Empty;

    /// <summary>
    /// The sparse tables, in the model's order: all that differs from the beginning or, where <see cref="TablesSince"/> says so,
    /// what has become of the rows that changed. What is read is always all.
    /// </summary>
    public IReadOnlyList<TableRows> Tables { get; init; } = [];

    /// <summary>The step of the checkpoint that the tables' changes come on top of; null: there is none before.</summary>
    public int? TablesSince { get; init; }
}

/// <summary>Where early stopping stands.</summary>
/// <param name="BestComposite">Null before the first evaluation.</param>
/// <param name="BestStep">Step of the best composite.</param>
/// <param name="EvaluationsWithoutRise">Since then.</param>
internal sealed record EarlyStoppingState(double? BestComposite, int? BestStep, int EvaluationsWithoutRise);
