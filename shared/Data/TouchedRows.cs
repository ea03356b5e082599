using System.Collections.Immutable;
using System.Runtime.InteropServices;
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

    /// <summary>The rows that some micro-batches touch together, and these with each id of a sparse table replaced by its place in the list.</summary>
    public (RowLists Touched, EncodedRows[] Local) Localize(IReadOnlyList<EncodedRows> batches)
    {
        if (IsEmpty)
            return (new RowLists([]), [.. batches]);
        EncodedRows[] local = [.. batches.Select(rows => rows with
        {
            Ids_BC = [.. rows.Ids_BC],
            Sequences = [.. rows.Sequences.Select((sequence, i) => _sequences.Any(place => place.Sequence == i) ? sequence with { Values = [.. sequence.Values] } : sequence)],
        })];
        return (new RowLists([.. _tables.Select((_, list) => Localize(list, local))]), local);
    }

    /// <summary>Replaces the ids of one list.</summary>
    /// <returns>The rows of the list.</returns>
    private int[] Localize(int list, EncodedRows[] local)
    {
        var ids = new List<int>(local.Sum(rows => rows.Count));
        if (_hasBlindRows)
            ids.Add(0);
        foreach (var rows in local)
        {
            foreach (var (column, _) in _columns.Where(column => column.List == list))
            {
                for (var i = column; i < rows.Ids_BC.Length; i += rows.CategoricalCount)
                    ids.Add(rows.Ids_BC[i]);
            }
            foreach (var (sequence, _) in _sequences.Where(sequence => sequence.List == list))
                ids.AddRange(rows.Sequences[sequence].Values);
        }
        var places = CollectionsMarshal.AsSpan(ids);
        var distinct = RowRanks.Replace(places);
        var next = _hasBlindRows ? 1 : 0;
        foreach (var rows in local)
        {
            foreach (var (column, _) in _columns.Where(column => column.List == list))
            {
                for (var i = column; i < rows.Ids_BC.Length; i += rows.CategoricalCount)
                    rows.Ids_BC[i] = places[next++];
            }
            foreach (var (sequence, _) in _sequences.Where(sequence => sequence.List == list))
            {
                var values = rows.Sequences[sequence].Values;
                places.Slice(next, values.Length).CopyTo(values);
                next += values.Length;
            }
        }
        return distinct;
    }

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
