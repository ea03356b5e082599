using System.Buffers;
using System.Collections.Immutable;
using System.Numerics.Tensors;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>The update of the table rows that a step has touched.</summary>
internal static class RowUpdate
{
    /// <param name="tables">In the order of the shape; each is one thread's.</param>
    /// <param name="coefficients">Of the tasks; null: the gradients are combined already.</param>
    public static void Apply(TableShape shape, ImmutableArray<RowTable> tables, RowSum sum, TaskCoefficients? coefficients, UpdateOrder order)
    {
        var starts = new int[tables.Length];
        for (var i = 1; i < tables.Length; i++)
            starts[i] = starts[i - 1] + sum.Rows.Lists[shape.Tables[i - 1].RowList].Length * shape.Tables[i - 1].Dim * shape.Copies(shape.Tables[i - 1]);
        SliceThreads.ForEach(tables.Length, i =>
        {
            lock (tables[i])
                Apply(i);
        });

        void Apply(int i)
        {
            var (table, rows) = (shape.Tables[i], sum.Rows.Lists[shape.Tables[i].RowList]);
            var gradients = sum.Gradients.AsSpan(starts[i], rows.Length * table.Dim * shape.Copies(table));
            if (coefficients is null && order.ClipFactor == 1)
            {
                tables[i].Update(rows, gradients, order.Update, order.RateFactor);
                return;
            }
            var update = ArrayPool<float>.Shared.Rent(rows.Length * table.Dim);
            var update_ND = update.AsSpan(0, rows.Length * table.Dim);
            Combine(gradients, table, shape.IsPerTask, coefficients, update_ND);
            if (order.ClipFactor != 1)
                TensorPrimitives.Multiply(update_ND, (float)order.ClipFactor, update_ND);
            tables[i].Update(rows, update_ND, order.Update, order.RateFactor);
            ArrayPool<float>.Shared.Return(update);
        }
    }

    /// <summary>As <see cref="GradientCombiner.Combine"/> does it: in double, rounded once.</summary>
    internal static void Combine(ReadOnlySpan<float> gradients, TableEntry table, bool isPerTask, TaskCoefficients? coefficients, Span<float> update_ND)
    {
        if (coefficients is null)
            gradients.CopyTo(update_ND);
        else if (!isPerTask || table.Task is not null)
            coefficients.CombineOwn(table.Task!.Value, gradients, update_ND);
        else
        {
            var width = coefficients.Tasks * table.Dim;
            for (var row = 0; row * table.Dim < update_ND.Length; row++)
                coefficients.CombineShared(gradients.Slice(row * width, width), update_ND.Slice(row * table.Dim, table.Dim));
        }
    }
}
