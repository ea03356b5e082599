using MessagePack;

namespace DistMtl.Transport;

/// <summary>Rows that a worker needs of the sparse tables of one server; the payload is their numbers, list after list, as int32.</summary>
/// <param name="Version">The parameters they are needed of; the step's, or the present one for a prediction.</param>
/// <param name="Server">Index of the server.</param>
/// <param name="Level">Of the subtree whose step needs them; <see cref="PullHeader.Prediction"/>: nothing is learnt from them.</param>
/// <param name="Index">Of the subtree in its level, or the number of the request.</param>
/// <param name="Counts">Rows of each list.</param>
[MessagePackObject]
public sealed record PullHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Server,
    [property: Key(3)] int Level,
    [property: Key(4)] int Index,
    [property: Key(5)] int[] Counts)
{
    /// <summary>In <see cref="Level"/>: a prediction's.</summary>
    public const int Prediction = -1;
}

/// <summary>
/// The values of the rows of one pull, in its order; the payload is table after table, row after row. Those that the step before
/// does not touch may come while it computes, and the others when it is over.
/// </summary>
/// <param name="Level">As in the pull.</param>
/// <param name="Index">As in the pull.</param>
/// <param name="Part">Which of the rows.</param>
[MessagePackObject]
public sealed record RowsHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Server,
    [property: Key(3)] int Level,
    [property: Key(4)] int Index,
    [property: Key(5)] RowsPart Part = RowsPart.All);

/// <summary>Which rows of a pull a frame has.</summary>
public enum RowsPart
{
    /// <summary>All of them.</summary>
    All = 0,

    /// <summary>Those that the step before does not touch. A mask that tells them comes first: a bit for each row of the pull.</summary>
    Untouched = 1,

    /// <summary>The others; behind <see cref="Untouched"/>.</summary>
    Touched = 2,
}

/// <summary>New parameters of one slice; the payload is the slice.</summary>
/// <param name="Version">Updates that they have seen.</param>
[MessagePackObject]
public sealed record SliceHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Slice);

/// <summary>The gradient of one slice over one subtree; the payload is T x the slice, or the slice once.</summary>
[MessagePackObject]
public sealed record GradientHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Slice,
    [property: Key(3)] int Level,
    [property: Key(4)] int Index);

/// <summary>
/// The gradients of the rows that a subtree has pulled from one server, in the pull's order; of each row one of every task, or
/// one that is combined.
/// </summary>
[MessagePackObject]
public sealed record RowGradientHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Server,
    [property: Key(3)] int Level,
    [property: Key(4)] int Index);

/// <summary>Makes a worker the host of a parameter server; what the server begins with follows as State frames.</summary>
/// <param name="JobYaml">The canonical job file.</param>
/// <param name="Server">Index of the server.</param>
/// <param name="PerTask">Whether one gradient of every task travels, or one of their weighted sum.</param>
/// <param name="LaneWorkers">Which worker each lane is of; null: all workers are one lane.</param>
/// <param name="LaneShards">The shards of each lane.</param>
[MessagePackObject]
public sealed record HostHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] string JobYaml,
    [property: Key(2)] int Server,
    [property: Key(3)] bool PerTask,
    [property: Key(4)] string?[] LaneWorkers,
    [property: Key(5)] int[][] LaneShards);

/// <summary>A parameter server waits for its workers.</summary>
/// <param name="Port">On the worker's host.</param>
[MessagePackObject]
public sealed record HostingHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Server,
    [property: Key(2)] int Port);

/// <summary>One slice of a vector that a server keeps; the payload is the slice.</summary>
/// <param name="Vector">The optimiser's name for it; empty: the parameters themselves.</param>
[MessagePackObject]
public sealed record StateHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Server,
    [property: Key(2)] string Vector,
    [property: Key(3)] int Slice);

/// <summary>All of a server's state has been sent.</summary>
/// <param name="Version">Of the step that the workers begin with.</param>
/// <param name="Updates">That the state has seen.</param>
[MessagePackObject]
public sealed record StateEndHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Server,
    [property: Key(2)] int Version,
    [property: Key(3)] long Updates);

/// <summary>An order to a hosted server that needs no more words than its kind.</summary>
/// <param name="Version">Publish: what the parameters are called by.</param>
[MessagePackObject]
public sealed record ServerOrderHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Server,
    [property: Key(2)] int Version);

/// <summary>
/// What a server has measured of a step; the payload is float64: the products of each slice, then of each partition of rows.
/// Where rows come after the tasks are weighed, they have a report of their own, the step's second.
/// </summary>
/// <param name="Slices">Numbers of the slices, in the order of their products; empty: of rows alone.</param>
/// <param name="Partitions">Partitions of table rows whose products follow.</param>
/// <param name="Lane">Whose step it is.</param>
[MessagePackObject]
public sealed record ReportHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Server,
    [property: Key(2)] int Version,
    [property: Key(3)] int[] Slices,
    [property: Key(4)] int Partitions,
    [property: Key(5)] int Lane);

/// <summary>How a server makes its update.</summary>
/// <param name="Version">The parameters that the gradients are of.</param>
/// <param name="Weights_T">Of the tasks; null: the gradient is combined already.</param>
/// <param name="OwnWeights_T">Of what a task alone uses; null: 1 each.</param>
/// <param name="Counts_T">What makes means of the tasks' sums.</param>
/// <param name="RateFactor">What every learning rate is multiplied by.</param>
/// <param name="ClipFactor">What the whole update is multiplied by.</param>
/// <param name="Lane">Whose step it is.</param>
/// <param name="UpdateNumber">Over all lanes, 1 for the first.</param>
/// <param name="IsSkipped">Whether the gradients are dropped, and the parameters go on as they are under the next version.</param>
[MessagePackObject]
public sealed record UpdateHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Server,
    [property: Key(2)] int Version,
    [property: Key(3)] double[]? Weights_T,
    [property: Key(4)] double[]? OwnWeights_T,
    [property: Key(5)] long[] Counts_T,
    [property: Key(6)] double RateFactor,
    [property: Key(7)] double ClipFactor,
    [property: Key(8)] int Lane,
    [property: Key(9)] int UpdateNumber,
    [property: Key(10)] bool IsSkipped = false);

/// <summary>One vector that a data shard keeps from step to step: what compression has left out, its own optimiser's moments.</summary>
/// <param name="Vector">Its name.</param>
[MessagePackObject]
public sealed record ShardStateHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Shard,
    [property: Key(2)] string Vector);

/// <summary>All that the shards of a worker keep has been sent.</summary>
/// <param name="Step">The step that it stands before.</param>
[MessagePackObject]
public sealed record ShardStateEndHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Step);

/// <summary>Rows of one sparse table with all that is kept of them: to a server those it begins with, from it those that have changed.</summary>
/// <param name="Table">Index of the table in the model.</param>
/// <param name="Columns">Names of what the payload holds, one behind the other, as int32 or float32.</param>
/// <param name="Lengths">Numbers of each.</param>
[MessagePackObject]
public sealed record TableRowsHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Server,
    [property: Key(2)] int Table,
    [property: Key(3)] string[] Columns,
    [property: Key(4)] int[] Lengths);
