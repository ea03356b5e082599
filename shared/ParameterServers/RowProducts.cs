using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistMtl.Aggregation;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>
/// The table rows' part of the Gramian. Products of two floats are exact in double; those of a row are added in a fixed
/// order, those of the rows of a partition in the order of tables and rows, so that the bits depend neither on the width of
/// the machine's vectors nor on the number of servers.
/// </summary>
public static class RowProducts
{
    /// <param name="isFrozen">By table.</param>
    /// <returns>By partition.</returns>
    public static ImmutableArray<GradientProducts> Of(TableShape shape, RowSum sum, IReadOnlyList<bool> isFrozen)
    {
        ImmutableArray<GradientProducts> partitions = [.. Enumerable.Range(0, RowPartition.Partitions).Select(_ => GradientProducts.Zero(shape.Tasks))];
        ReadOnlySpan<float> gradients = sum.Gradients;
        for (var i = 0; i < shape.Tables.Length; i++)
        {
            var table = shape.Tables[i];
            var (rows, copies) = (sum.Rows.Lists[table.RowList], shape.Copies(table));
            for (var row = 0; row < rows.Length; row++)
                AddRow(gradients.Slice(row * copies * table.Dim, copies * table.Dim), shape, table, isFrozen[i], partitions[RowPartition.Of(rows[row])]);
            gradients = gradients[(rows.Length * copies * table.Dim)..];
        }
        return partitions;
    }

    private static void AddRow(ReadOnlySpan<float> row, TableShape shape, TableEntry table, bool isFrozen, GradientProducts products)
    {
        if (!shape.IsPerTask || table.Task is not null)
        {
            if (!isFrozen)
                products.Own[shape.IsPerTask ? table.Task!.Value : 0] += Dot(row, row);
            return;
        }
        var pair = 0;
        for (var i = 0; i < shape.Tasks; i++)
        {
            for (var j = 0; j <= i; j++, pair++)
            {
                var product = Dot(row.Slice(i * table.Dim, table.Dim), row.Slice(j * table.Dim, table.Dim));
                products.Shared[pair] += product;
                if (!isFrozen)
                    products.Updated[pair] += product;
            }
        }
    }

    private static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var sums = Vector256<double>.Zero;
        var k = 0;
        for (; k + Vector128<float>.Count <= left.Length; k += Vector128<float>.Count)
            sums += Widen(left, k) * Widen(right, k);
        var total = sums.GetElement(0) + sums.GetElement(1) + (sums.GetElement(2) + sums.GetElement(3));
        for (; k < left.Length; k++)
            total += (double)left[k] * right[k];
        return total;
    }

    private static Vector256<double> Widen(ReadOnlySpan<float> values, int start)
    {
        var four = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start);
        return Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four));
    }
}
