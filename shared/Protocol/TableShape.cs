using System.Collections.Immutable;

namespace DistMtl.Protocol;

/// <summary>
/// How values and gradients of table rows are laid out in a buffer: table after table, row after row of its list; a gradient
/// has the T tasks' parts of a row side by side where one gradient of every task travels and the table is shared.
/// </summary>
/// <param name="Tables">In the order of the model.</param>
/// <param name="Tasks">T.</param>
/// <param name="IsPerTask">Whether one gradient of every task travels, or one of their weighted sum.</param>
public sealed record TableShape(ImmutableArray<TableEntry> Tables, int Tasks, bool IsPerTask)
{
    /// <summary>Row lists that the tables are addressed by.</summary>
    public int Lists { get; } = Tables.IsEmpty ? 0 : Tables.Max(table => table.RowList) + 1;

    /// <summary>Gradients of one row: T, or 1.</summary>
    public int Copies(TableEntry table) => IsPerTask && table.Task is null ? Tasks : 1;

    /// <summary>Numbers of all tables' values at these rows.</summary>
    /// <exception cref="OverflowException">More than 2^31 - 1.</exception>
    public int ValuesLength(RowLists rows) => Length(rows, _ => 1);

    /// <summary>Numbers of all tables' gradients at these rows.</summary>
    /// <exception cref="OverflowException">More than 2^31 - 1.</exception>
    public int GradientsLength(RowLists rows) => Length(rows, Copies);

    /// <summary>Makes means of sums of one gradient of every task, in place.</summary>
    /// <param name="gradients">Of these rows.</param>
    /// <param name="scales_T">1 / N_t, or 0.</param>
    public void DivideByLabels(RowLists rows, Span<float> gradients, ReadOnlySpan<double> scales_T)
    {
        foreach (var table in Tables)
        {
            var copies = Copies(table);
            for (var i = 0; i < rows.Lists[table.RowList].Length * copies; i++)
            {
                var scale = scales_T[copies > 1 ? i % copies : table.Task ?? 0];
                foreach (ref var value in gradients.Slice(i * table.Dim, table.Dim))
                    value = scale == 0 ? 0 : (float)(value * scale);
            }
            gradients = gradients[(rows.Lists[table.RowList].Length * copies * table.Dim)..];
        }
    }

    private int Length(RowLists rows, Func<TableEntry, int> copies)
    {
        var length = 0;
        foreach (var table in Tables)
            length = checked(length + rows.Lists[table.RowList].Length * table.Dim * copies(table));
        return length;
    }
}
