using MessagePack;

namespace DistMtl.Transport;

/// <summary>Who connects, and for which job.</summary>
/// <param name="Version">Of the wire format; another one than <see cref="FrameFormat.Version"/> is refused.</param>
[MessagePackObject]
public sealed record HelloHeader(
    [property: Key(0)] int Version,
    [property: Key(1)] string Job,
    [property: Key(2)] string Worker);

/// <summary>All that a worker must know to compute for a job.</summary>
/// <param name="JobYaml">The canonical job file.</param>
/// <param name="Shards">Indices of the data shards this worker holds.</param>
/// <param name="StepsPerEpoch">Updates in one pass over the training rows.</param>
/// <param name="FirstStep">The version that the job starts from (0, or the checkpoint's).</param>
/// <param name="PerTask">Whether one gradient of every task travels, or one of their weighted sum.</param>
/// <param name="Splits">Which splits to load.</param>
/// <param name="BatchesPerEpoch">Micro-batches of a shard in one pass; more than the updates where a shard takes local steps.</param>
/// <param name="TotalBatches">In the whole run, for the schedule of local steps.</param>
/// <param name="Servers">Where each parameter server listens, HOST:PORT; empty: all are in the coordinator, on this connection.</param>
/// <param name="Trace">Whether to record what takes how long, for <see cref="FrameKind.FetchTrace"/>.</param>
/// <param name="BackupShards">Shards of slow workers that this one computes, too; null: none.</param>
/// <param name="Twice">All shards that are computed twice, whosever they are: their gradients travel one by one; null: none.</param>
/// <param name="Run">The same for all generations of a run, and for no other run: rows that a worker has read for it are still good; null: they are not.</param>
[MessagePackObject]
public sealed record PlanHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] string JobYaml,
    [property: Key(2)] int[] Shards,
    [property: Key(3)] int StepsPerEpoch,
    [property: Key(4)] int FirstStep,
    [property: Key(5)] bool PerTask,
    [property: Key(6)] Splits Splits,
    [property: Key(7)] string[] Servers,
    [property: Key(8)] int BatchesPerEpoch,
    [property: Key(9)] int TotalBatches,
    [property: Key(10)] bool Trace = false,
    [property: Key(11)] string? Run = null,
    [property: Key(12)] int[]? BackupShards = null,
    [property: Key(13)] int[]? Twice = null);

/// <summary>A set of splits; the bits are those of the data layer's split numbers.</summary>
[Flags]
public enum Splits
{
    None = 0,
    Train = 1,
    Validation = 2,
    Test = 4,
}

/// <summary>The worker holds its shards' rows.</summary>
/// <param name="Shards">As in the plan.</param>
/// <param name="Rows">Training rows of each shard, in the order of <paramref name="Shards"/>.</param>
/// <param name="NextLabels_T">Valid labels per task of the first step's micro-batches, summed over the shards.</param>
[MessagePackObject]
public sealed record ReadyHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int[] Shards,
    [property: Key(2)] int[] Rows,
    [property: Key(3)] long[] NextLabels_T);

public enum WorkKind
{
    /// <summary>Compute the gradients of step <see cref="WorkHeader.Version"/> and send their sums.</summary>
    Train = 0,

    /// <summary>Predict the validation rows.</summary>
    Validate = 1,

    /// <summary>Predict the test rows.</summary>
    Test = 2,
}

/// <summary>What to do with the parameters of a version, once all of them are there.</summary>
/// <param name="Version">Number of updates the parameters have seen; the micro-batches follow from it.</param>
/// <param name="Coefficients_T">Train, combined gradient: task weight over the step's valid labels (with local steps the weight alone); null: one gradient per task.</param>
/// <param name="Labels_T">Train, compressed gradients of every task: the step's valid labels, by which the shard divides; null: it does not.</param>
[MessagePackObject]
public sealed record WorkHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] WorkKind Kind,
    [property: Key(3)] float[]? Coefficients_T,
    [property: Key(4)] long[]? Labels_T = null);

/// <summary>One node of the reduction tree: sums and counts, never means.</summary>
/// <param name="Level">0 for a single shard.</param>
/// <param name="Index">Of the node in its level.</param>
/// <param name="LossSums_T">Sum of each task's loss over its valid labels.</param>
/// <param name="Labels_T">Valid labels of this step.</param>
/// <param name="NextLabels_T">Valid labels of the next step, so that its means are known before its backward pass.</param>
/// <param name="RowsByShard">Rows of this step, for each shard below the node: what the ledger counts.</param>
/// <param name="NotFinite">What is not a finite number, and where, so that the step must be left out; null: all is.</param>
/// <param name="Kept">How many of the node's shards the worker had computed for this step in an earlier generation.</param>
[MessagePackObject]
public sealed record SumHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Level,
    [property: Key(3)] int Index,
    [property: Key(4)] double[] LossSums_T,
    [property: Key(5)] long[] Labels_T,
    [property: Key(6)] long[] NextLabels_T,
    [property: Key(7)] int[] RowsByShard,
    [property: Key(8)] string? NotFinite = null,
    [property: Key(9)] int Kept = 0);

/// <summary>How a worker combines the gradients of table rows that it holds (weighting.scope: trunk).</summary>
/// <param name="Version">The step that they are of.</param>
/// <param name="Weights_T">Of the tasks.</param>
/// <param name="OwnWeights_T">Of what a task alone uses; null: 1 each.</param>
/// <param name="Labels_T">N_t, valid labels of the step over all shards, which make means of the tasks' sums.</param>
[MessagePackObject]
public sealed record WeightsHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] double[] Weights_T,
    [property: Key(3)] double[]? OwnWeights_T,
    [property: Key(4)] long[] Labels_T);

/// <summary>Predictions and labels of one shard's rows of a split.</summary>
/// <param name="Kind">Validate or Test.</param>
/// <param name="Rows">B.</param>
/// <param name="Widths_T">Numbers per row and task: 1, or the number of classes. The payload is, task by task, B x width predictions, then B labels.</param>
/// <param name="HasGroups">Whether groups_B end the payload: B times 8 bytes, little-endian; 0: the row is in no group.</param>
[MessagePackObject]
public sealed record PredictionsHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] WorkKind Kind,
    [property: Key(3)] int Shard,
    [property: Key(4)] int Rows,
    [property: Key(5)] int[] Widths_T,
    [property: Key(6)] bool HasGroups = false);

/// <summary>Why a worker ends its part in the job. On this connection, so that it arrives before the connection's end.</summary>
/// <param name="Error">Complete text for the user.</param>
/// <param name="ExitCode">What the run should exit with.</param>
[MessagePackObject]
public sealed record FailedHeader(
    [property: Key(0)] string Error,
    [property: Key(1)] int ExitCode);

/// <summary>What a worker has recorded.</summary>
/// <param name="Dropped">Earlier events, for which it had no room.</param>
[MessagePackObject]
public sealed record TraceEventsHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] long Dropped);
