using DistMtl.Aggregation;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>A worker's request for rows of a version.</summary>
internal sealed record WaitingPull(string Worker, int Version, TreeNode Node, RowLists Rows)
{
    /// <summary>What is sent ahead of the version; null: nothing.</summary>
    public EarlyRows? Early { get; set; }
}

/// <summary>The rows of a pull that the step before does not touch.</summary>
/// <param name="Sending">Behind it the other rows may be sent.</param>
internal sealed record EarlyRows(RowMask Mask, Task Sending);
