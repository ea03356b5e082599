using DistMtl.Aggregation.Tables;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Runs;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
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

    /// <summary>Of the present generation.</summary>
    public int Workers { get; set; }

    /// <summary>The last step behind which everything is done that was due: evaluation, checkpoint.</summary>
    public int FollowedStep { get; set; } = state.Step;

    /// <summary>Of each update, where workers do not wait for each other.</summary>
    public StalenessMeter Staleness { get; } = new();

    /// <summary>What the run goes on from; null: from the beginning.</summary>
    public CheckpointContent? Resumed { get; init; }

    /// <summary>Null where shards keep nothing.</summary>
    public ShardStates? ShardStates { get; set; }

    /// <summary>Null before they are started.</summary>
    public ServerGroup? Servers { get; set; }

    /// <summary>
    /// What the servers hold, or began with where they are elsewhere; null before they are started. A state for each server.
    /// </summary>
    public IReadOnlyList<ServerState>? ServerStates { get; set; }

    /// <summary>
    /// Whether all that makes the run's state is in this process, and always lies between two whole steps. Not where servers
    /// are elsewhere or shards keep something, which may have gone with a worker; nor where workers do not wait for each other; nor
    /// where a weighting rewrites its own vectors before the workers are asked for rows.
    /// </summary>
    public bool IsWhole(JobFile job) =>
        job.Training.Mode == TrainingMode.Synchronous && ShardStates is null
        && Servers is null or { Addresses.Count: 0 } && !(Weighting is IRowWeighting && Servers is { Shape.HoldsRows: true });

    /// <summary>Of the result's parameters.</summary>
    public IReadOnlyList<TaskMetrics> Validation { get; set; } = [];

    public IReadOnlyList<TaskMetrics> Test { get; set; } = [];

    /// <summary>Parameters of the best evaluation; null without early stopping.</summary>
    public float[]? Best_P { get; set; }

    /// <summary>Of the last checkpoint that is complete; null: there is none.</summary>
    public int? SavedStep { get; set; }

    /// <summary>
    /// What the servers have told of table rows that changed since <see cref="SavedStep"/>, and tell no more: a checkpoint that
    /// could not be written leaves it to the next.
    /// </summary>
    public IReadOnlyList<TableRows> UnsavedTables { get; set; } = [];

    /// <summary>What the run is for: the best parameters where early stopping looks for them, else the last.</summary>
    public float[] Result_P => Best_P ?? State.Parameters_P;

    public int ResultStep => Best_P is null ? State.Step : State.EarlyStopping?.BestStep ?? State.Step;
}
