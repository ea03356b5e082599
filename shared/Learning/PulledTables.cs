using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using DistMtl.Data;
using DistMtl.Protocol;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace DistMtl.Learning;

/// <summary>
/// The sparse tables as far as a micro-batch needs them: leaves of the graph made of pulled rows, and their gradients added
/// up by row. Gather and scatter are done here, in managed memory and in the order of the rows.
/// </summary>
internal sealed class PulledTables(ImmutableArray<TableEntry> tables)
{
    /// <summary>Rows that are fetched from memory while others are added: each lies somewhere else.</summary>
    private const int Ahead = 12;

    private readonly List<Embedded> _embedded = [];
    private readonly List<Whole> _wholes = [];
    private readonly int[] _offsets = new int[tables.Length];
    private PulledRows _pulled = PulledRows.None;

    public int IndexOf(string name)
    {
        for (var i = 0; i < tables.Length; i++)
        {
            if (tables[i].Name == name)
                return i;
        }
        throw new KeyNotFoundException($"the model has no sparse table '{name}'");
    }

    /// <summary>Rows of a table that are there.</summary>
    public int RowCount(int table) => _pulled.Rows.Lists[tables[table].RowList].Length;

    /// <summary>Takes the rows of a micro-batch; leaves of the one before are forgotten.</summary>
    /// <exception cref="ArgumentException">The values are not those of the rows.</exception>
    public void Bind(PulledRows pulled)
    {
        _pulled = pulled;
        _embedded.Clear();
        _wholes.Clear();
        var length = 0;
        for (var i = 0; i < tables.Length; i++)
        {
            _offsets[i] = length;
            length += RowCount(i) * tables[i].Dim;
        }
        if (pulled.Values.Length != length)
            throw new ArgumentException($"{pulled.Values.Length} numbers for rows of {length}", nameof(pulled));
    }

    /// <returns>All rows of these tables, one table under another.</returns>
    public Tensor Leaf(int[] members)
    {
        if (_wholes.Find(whole => whole.Members == members) is { } known)
            return known.Leaf_RD;
        var dim = tables[members[0]].Dim;
        var leaf_RD = empty([members.Sum(RowCount), dim], dtype: ScalarType.Float32);
        var start = 0;
        foreach (var member in members)
        {
            Values(member).CopyTo(Numbers(leaf_RD)[start..]);
            start += RowCount(member) * dim;
        }
        _wholes.Add(new Whole(members, RequireGradient(leaf_RD, members[0])));
        return _wholes[^1].Leaf_RD;
    }

    /// <returns>embedded_BI: the rows of these (column of ids, table) side by side.</returns>
    public Tensor Embed(EncodedRows rows, (int Column, int Table)[] columns, int dim, Device device)
    {
        var embedded_BI = empty([rows.Count, columns.Length * dim], dtype: ScalarType.Float32);
        var target = Numbers(embedded_BI);
        for (var c = 0; c < columns.Length; c++)
        {
            var (column, table) = columns[c];
            var values_RD = Values(table);
            for (var b = 0; b < rows.Count; b++)
                values_RD.Slice(rows.Ids_BC[b * rows.CategoricalCount + column] * dim, dim).CopyTo(target[((b * columns.Length + c) * dim)..]);
        }
        var leaf_BI = RequireGradient(embedded_BI.to(device), columns[0].Table);
        _embedded.Add(new Embedded(rows, columns, dim, leaf_BI));
        return leaf_BI;
    }

    /// <summary>Adds the gradients of the last backward pass to those of the rows, and takes them off the leaves.</summary>
    /// <param name="task">The task whose loss was differentiated; null: all of them together.</param>
    /// <param name="gradients">As <see cref="TableShape"/> lays them out.</param>
    public void AddGradients(TableShape shape, int? task, Span<float> gradients)
    {
        var offsets = new int[tables.Length];
        for (var i = 1; i < tables.Length; i++)
            offsets[i] = offsets[i - 1] + RowCount(i - 1) * tables[i - 1].Dim * shape.Copies(tables[i - 1]);
        foreach (var embedded in _embedded.Where(embedded => embedded.Leaf_BI.requires_grad))
            AddEmbedded(embedded, shape, task, offsets, gradients);
        foreach (var whole in _wholes.Where(whole => whole.Leaf_RD.requires_grad))
            AddWhole(whole, shape, task, offsets, gradients);
    }

    private void AddEmbedded(Embedded embedded, TableShape shape, int? task, int[] offsets, Span<float> gradients)
    {
        using var scope = NewDisposeScope();
        if (TakeGradient(embedded.Leaf_BI) is not { } gradient_BI)
            return;
        var (rows, columns, dim) = (embedded.Rows, embedded.Columns, embedded.Dim);
        var source = Numbers(gradient_BI);
        for (var c = 0; c < columns.Length; c++)
        {
            var (column, table) = columns[c];
            if (Place(shape, table, task) is not { } place)
                continue;
            var stride = shape.Copies(tables[table]) * dim;
            var target = gradients[(offsets[table] + place * dim)..];
            for (var b = 0; b < rows.Count; b++)
            {
                if (b + Ahead < rows.Count)
                {
                    Fetch(in target[rows.Ids_BC[(b + Ahead) * rows.CategoricalCount + column] * stride]);
                    Fetch(in source[((b + Ahead) * columns.Length + c) * dim]);
                }
                var sum_D = target.Slice(rows.Ids_BC[b * rows.CategoricalCount + column] * stride, dim);
                TensorPrimitives.Add(sum_D, source.Slice((b * columns.Length + c) * dim, dim), sum_D);
            }
        }
    }

    private void AddWhole(Whole whole, TableShape shape, int? task, int[] offsets, Span<float> gradients)
    {
        using var scope = NewDisposeScope();
        if (TakeGradient(whole.Leaf_RD) is not { } gradient_RD)
            return;
        var source = Numbers(gradient_RD);
        var start = 0;
        foreach (var table in whole.Members)
        {
            var dim = tables[table].Dim;
            if (Place(shape, table, task) is { } place)
            {
                var stride = shape.Copies(tables[table]) * dim;
                for (var row = 0; row < RowCount(table); row++)
                {
                    var sum_D = gradients.Slice(offsets[table] + row * stride + place * dim, dim);
                    TensorPrimitives.Add(sum_D, source.Slice(start + row * dim, dim), sum_D);
                }
            }
            start += RowCount(table) * dim;
        }
    }

    /// <summary>Where in a row's gradients the task's stands; null: the table is another task's.</summary>
    private int? Place(TableShape shape, int table, int? task) =>
        shape.Copies(tables[table]) > 1 ? task
        : tables[table].Task is { } owner && task is not null && owner != task ? null
        : 0;

    private ReadOnlySpan<float> Values(int table) => _pulled.Values.Span.Slice(_offsets[table], RowCount(table) * tables[table].Dim);

    /// <summary>Groups hold frozen tables apart, so one tells for all.</summary>
    private Tensor RequireGradient(Tensor leaf, int table)
    {
        if (tables[table].LearningRate != 0 && is_grad_enabled())
            leaf.requires_grad_();
        return leaf;
    }

    /// <summary>On the host; null where the loss does not depend on the leaf.</summary>
    private static Tensor? TakeGradient(Tensor leaf)
    {
        if (leaf.grad is not { IsInvalid: false } gradient)
            return null;
        leaf.grad = null;
        return gradient.cpu().contiguous();
    }

    private static unsafe void Fetch(ref readonly float number)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(in number));
    }

    private static Span<float> Numbers(Tensor contiguous) => MemoryMarshal.Cast<byte, float>(contiguous.bytes);

    private sealed record Embedded(EncodedRows Rows, (int Column, int Table)[] Columns, int Dim, Tensor Leaf_BI);

    private sealed record Whole(int[] Members, Tensor Leaf_RD);
}
