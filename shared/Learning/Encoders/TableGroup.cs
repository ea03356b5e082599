using DistMtl.Data;
using DistMtl.Protocol.Models.Parts;
using static TorchSharp.torch;

namespace DistMtl.Learning.Encoders;

/// <summary>Tables of one width as one big table; the ids of each are shifted to its first row.</summary>
internal abstract class TableGroup(TableGroupPart part)
{
    protected TableGroupPart Part { get; } = part;

    /// <summary>All tables, one under another.</summary>
    public abstract Tensor Table_RD { get; }

    /// <summary>Categorical features that look up here, by their column of the ids.</summary>
    public List<(int Column, int Table)> Columns { get; } = [];

    public bool Holds(int table) => Part.FirstRows.ContainsKey(table);

    public abstract int FirstRow(int table);

    /// <returns>embedded_BI: the embeddings of all <see cref="Columns"/> side by side.</returns>
    public virtual Tensor Lookup(EncodedRows rows, Device device) => Lookup(rows, Columns, device);

    /// <returns>embedded_BD of one column.</returns>
    public Tensor Lookup(EncodedRows rows, int column, int table, Device device) => Lookup(rows, [(column, table)], device);

    private Tensor Lookup(EncodedRows rows, List<(int Column, int Table)> columns, Device device)
    {
        var ids = new long[rows.Count * columns.Count];
        for (var c = 0; c < columns.Count; c++)
        {
            var (column, table) = columns[c];
            var first = FirstRow(table);
            for (var b = 0; b < rows.Count; b++)
                ids[b * columns.Count + c] = first + rows.Ids_BC[b * rows.CategoricalCount + column];
        }
        return Table_RD.index_select(0, tensor(ids).to(device)).view(rows.Count, -1);
    }
}

/// <summary>Tables among the flat parameters: all their rows are there.</summary>
internal sealed class DenseTableGroup(TableGroupPart part, FlatParameters parameters) : TableGroup(part)
{
    public override Tensor Table_RD { get; } = parameters.TableLeaf(part.Names);

    public override int FirstRow(int table) => Part.FirstRows[table];
}

/// <summary>Tables on the parameter servers: the rows that the micro-batch touches are there, and its ids count those.</summary>
internal sealed class SparseTableGroup : TableGroup
{
    private readonly PulledTables _tables;
    private readonly int[] _members;

    public SparseTableGroup(TableGroupPart part, PulledTables tables) : base(part)
    {
        _tables = tables;
        _members = [.. part.Names.Select(tables.IndexOf)];
    }

    public override Tensor Table_RD => _tables.Leaf(_members);

    public override int FirstRow(int table) => _members.Take(Part.FirstRows[table]).Sum(_tables.RowCount);

    /// <summary>
    /// The values are put side by side here and are the leaf: libtorch's own backward pass of a lookup costs several times
    /// what adding the gradients up by row costs.
    /// </summary>
    public override Tensor Lookup(EncodedRows rows, Device device) =>
        _tables.Embed(rows, [.. Columns.Select(column => (column.Column, _members[Part.FirstRows[column.Table]]))], Part.Dim, device);
}
