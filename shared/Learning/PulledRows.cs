using DistMtl.Protocol;

namespace DistMtl.Learning;

/// <summary>The rows of sparse tables that a micro-batch touches, as the parameter servers gave them.</summary>
/// <param name="Rows">The ids of the micro-batch count the rows of these lists, not those of the tables.</param>
/// <param name="Values">Table after table, row after row of its list.</param>
public sealed record PulledRows(RowLists Rows, ReadOnlyMemory<float> Values)
{
    /// <summary>For a model without sparse tables.</summary>
    public static PulledRows None { get; } = new(new RowLists([]), default);
}
