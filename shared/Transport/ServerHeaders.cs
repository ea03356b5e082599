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

/// <summary>The values of the rows of one pull, in its order; the payload is table after table, row after row.</summary>
/// <param name="Level">As in the pull.</param>
/// <param name="Index">As in the pull.</param>
[MessagePackObject]
public sealed record RowsHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Server,
    [property: Key(3)] int Level,
    [property: Key(4)] int Index);

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

/// <summary>The gradients of the rows that a subtree has pulled from one server, in the pull's order.</summary>
[MessagePackObject]
public sealed record RowGradientHeader(
    [property: Key(0)] long Generation,
    [property: Key(1)] int Version,
    [property: Key(2)] int Server,
    [property: Key(3)] int Level,
    [property: Key(4)] int Index);
