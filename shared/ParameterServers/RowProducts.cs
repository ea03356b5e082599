using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>
/// The table rows' part of the Gramian. Products of two floats are exact in double; those of a row are added in a fixed
/// order, those of the rows of a partition in the order of tables and rows, so that the bits depend neither on the width of
/// the machine's vectors nor on the number of servers.
/// </summary>
public static class RowProducts
{
    /// <returns>
    /// By partition the T(T + 1) / 2 products of the tasks' sums, row after row of the lower triangle, over the tables that
    /// all tasks share; of a combined gradient the one sum of squares.
    /// </returns>
    public static double[][] Shared(TableShape shape, RowSum sum)
    {
        var copies = shape.IsPerTask ? shape.Tasks : 1;
        var partials = Enumerable.Range(0, RowPartition.Partitions).Select(_ => new double[copies * (copies + 1) / 2]).ToArray();
        ReadOnlySpan<float> gradients = sum.Gradients;
        foreach (var table in shape.Tables)
        {
            var (rows, width) = (sum.Rows.Lists[table.RowList], shape.Copies(table) * table.Dim);
            if (table.Task is null || !shape.IsPerTask)
            {
                for (var i = 0; i < rows.Length; i++)
                    AddRow(gradients.Slice(i * width, width), copies, table.Dim, partials[RowPartition.Of(rows[i])]);
            }
            gradients = gradients[(rows.Length * width)..];
        }
        return partials;
    }

    /// <returns>By partition and task the sum of squares over the tables that the task alone uses.</returns>
    public static double[][] Own(TableShape shape, RowSum sum)
    {
        var partials = Enumerable.Range(0, RowPartition.Partitions).Select(_ => new double[shape.Tasks]).ToArray();
        ReadOnlySpan<float> gradients = sum.Gradients;
        foreach (var table in shape.Tables)
        {
            var (rows, width) = (sum.Rows.Lists[table.RowList], shape.Copies(table) * table.Dim);
            if (shape.IsPerTask && table.Task is { } task)
            {
                for (var i = 0; i < rows.Length; i++)
                    partials[RowPartition.Of(rows[i])][task] += Dot(gradients.Slice(i * width, width), gradients.Slice(i * width, width));
            }
            gradients = gradients[(rows.Length * width)..];
        }
        return partials;
    }

    private static void AddRow(ReadOnlySpan<float> row, int copies, int dim, double[] products)
    {
        var pair = 0;
        for (var i = 0; i < copies; i++)
        {
            for (var j = 0; j <= i; j++)
                products[pair++] += Dot(row.Slice(i * dim, dim), row.Slice(j * dim, dim));
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
