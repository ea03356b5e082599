using System.Collections.Immutable;
using DistMtl.Protocol;
using DistMtl.Protocol.Models;

namespace DistMtl.Data;

/// <summary>Which rows of the sparse tables a micro-batch touches, and its ids as places in these lists.</summary>
public sealed class TouchedRows
{
    private readonly ImmutableArray<int> _tables;
    private readonly (int Column, int List)[] _columns;
    private readonly (int Sequence, int List)[] _sequences;
    private readonly bool _hasBlindRows;

    public TouchedRows(ModelInputs inputs)
    {
        _tables = inputs.SparseTables;
        _columns = [.. Lists(inputs, sequences: false)];
        _sequences = [.. Lists(inputs, sequences: true)];
        // A model that is made blind to an item puts id 0 in its place, which must be row 0 whatever is touched.
        _hasBlindRows = inputs.Tasks.Any(task => task.Retrieval is not null);
    }

    /// <summary>Whether there is any sparse table.</summary>
    public bool IsEmpty => _tables.IsEmpty;

    public RowLists Of(EncodedRows rows)
    {
        var lists = new int[_tables.Length][];
        for (var list = 0; list < lists.Length; list++)
        {
            var ids = new List<int>(rows.Count);
            if (_hasBlindRows)
                ids.Add(0);
            foreach (var (column, _) in _columns.Where(column => column.List == list))
            {
                for (var i = column; i < rows.Ids_BC.Length; i += rows.CategoricalCount)
                    ids.Add(rows.Ids_BC[i]);
            }
            foreach (var (sequence, _) in _sequences.Where(sequence => sequence.List == list))
                ids.AddRange(rows.Sequences[sequence].Values);
            lists[list] = RowLists.Distinct(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids));
        }
        return new RowLists([.. lists]);
    }

    /// <returns>The same rows, each id of a sparse table replaced by its place in the list.</returns>
    /// <param name="touched">Holds all that <see cref="Of"/> finds, and may hold more.</param>
    public EncodedRows Localize(EncodedRows rows, RowLists touched)
    {
        if (IsEmpty)
            return rows;
        var ids_BC = rows.Ids_BC.ToArray();
        foreach (var (column, list) in _columns)
        {
            for (var i = column; i < ids_BC.Length; i += rows.CategoricalCount)
                ids_BC[i] = Place(touched.Lists[list], ids_BC[i]);
        }
        var sequences = rows.Sequences.ToArray();
        foreach (var (sequence, list) in _sequences)
            sequences[sequence] = sequences[sequence] with { Values = [.. sequences[sequence].Values.Select(id => Place(touched.Lists[list], id))] };
        return rows with { Ids_BC = ids_BC, Sequences = sequences };
    }

    private static int Place(int[] list, int row) => list.AsSpan().BinarySearch(row) is >= 0 and var place
        ? place
        : throw new ArgumentException($"row {row} is not among the touched ones", nameof(row));

    private static IEnumerable<(int Place, int List)> Lists(ModelInputs inputs, bool sequences)
    {
        var place = 0;
        foreach (var lookup in inputs.Lookups.Where(lookup => lookup.IsSequence == sequences))
        {
            if (inputs.SparseTables.IndexOf(lookup.Table) is >= 0 and var list)
                yield return (place, list);
            place++;
        }
    }
}
