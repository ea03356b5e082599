using DistMtl.Data;
using DistMtl.Learning.Encoders;
using DistMtl.Learning.Layers;
using DistMtl.Protocol.Models;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>
/// Rows to the trunk's input_BI: the dense numbers, then the embeddings of the categorical features (tables of one
/// width by one lookup), then the encoded sequences and texts.
/// </summary>
internal sealed class FeatureInput
{
    /// <summary>Rows that an encoder takes at once where nothing is learnt: bounds the memory of an evaluation; fixed, for the bits.</summary>
    private const int RowsAtOnce = 256;

    private readonly ModelInputs _inputs;
    private readonly TableGroup[] _groups;
    private readonly EmbeddingLookup[] _sequences;
    private readonly IEncoder[] _encoders;

    public FeatureInput(InputBlueprint blueprint, ModelInputs inputs, FlatParameters parameters, PulledTables tables)
    {
        _inputs = inputs;
        _groups = [.. blueprint.Tables.Select(part => part.IsSparse ? (TableGroup)new SparseTableGroup(part, tables) : new DenseTableGroup(part, parameters))];
        var column = 0;
        foreach (var lookup in inputs.Lookups.Where(lookup => !lookup.IsSequence))
            GroupOf(lookup.Table).Columns.Add((column++, lookup.Table));
        _sequences = [.. inputs.Lookups.Where(lookup => lookup.IsSequence)];
        _encoders = [.. blueprint.Encoders.Select(encoder => EncoderTable.Create(encoder, parameters))];
    }

    public Tensor Forward(EncodedRows rows, Device device, Dropout dropout)
    {
        var parts = new List<Tensor>();
        if (_inputs.DenseWidth > 0)
            parts.Add(tensor(rows.Dense_BD, [rows.Count, _inputs.DenseWidth]).to(device));
        foreach (var group in _groups.Where(group => group.Columns.Count > 0))
            parts.Add(group.Lookup(rows, device));
        for (var i = 0; i < _sequences.Length; i++)
            parts.Add(Encode(i, rows, device, dropout));
        return parts.Count == 1 ? parts[0] : cat(parts, 1);
    }

    /// <returns>The rows of one dense table: R x D.</returns>
    public Tensor Table(int table)
    {
        var group = GroupOf(table);
        return group.Table_RD.narrow(0, group.FirstRow(table), _inputs.Tables[table].Rows);
    }

    private Tensor Encode(int index, EncodedRows rows, Device device, Dropout dropout)
    {
        var (lookup, sequence) = (_sequences[index], rows.Sequences[index]);
        if (sequence.Values.Length == 0)
            return zeros([rows.Count, _inputs.WidthOf(lookup)], dtype: ScalarType.Float32, device: device);
        var group = GroupOf(lookup.Table);
        var target_BD = lookup.Encoding?.Target is { } target ? GroupOf(target.Table).Lookup(rows, target.Column, target.Table, device) : null;
        var input = new EncoderInput(group.Table_RD, group.FirstRow(lookup.Table), sequence, rows.Count, target_BD, dropout);
        return lookup.Encoding is null || rows.Count <= RowsAtOnce || is_grad_enabled()
            ? _encoders[index].Forward(input)
            : cat([.. Enumerable.Range(0, (rows.Count + RowsAtOnce - 1) / RowsAtOnce).Select(block => EncodeBlock(index, input, block))], 0);
    }

    private Tensor EncodeBlock(int index, EncoderInput input, int block)
    {
        using var scope = NewDisposeScope();
        var start = block * RowsAtOnce;
        var rows = input.Slice(start, Math.Min(RowsAtOnce, input.Count - start));
        return (rows.Sequence.Values.Length == 0
            ? zeros([rows.Count, _inputs.WidthOf(_sequences[index])], dtype: ScalarType.Float32, device: input.Device)
            : _encoders[index].Forward(rows)).MoveToOuterDisposeScope();
    }

    private TableGroup GroupOf(int table) => _groups.First(group => group.Holds(table));
}
