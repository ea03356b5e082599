using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Runs;
using DistMtl.Data;
using DistMtl.Protocol;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Training;

/// <summary>What a run has come to; the only thing of it that changes.</summary>
internal sealed class TrainingProgress(DataScan scan, ModelBlueprint blueprint, IWeighting weighting, int batchesPerEpoch, int stepsPerEpoch, int totalSteps, TrainingState state)
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

    /// <summary>Of the last step; 1 for the first.</summary>
    public int Epoch => (Math.Max(State.Step, 1) - 1) / StepsPerEpoch + 1;

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
