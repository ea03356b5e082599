using System.Collections.Immutable;
using DistMtl.Protocol;

namespace DistMtl.Aggregation.Compression;

/// <summary>A part of a slice: whole rows of one parameter, seen as a matrix, or a run of numbers that travel as they are.</summary>
/// <param name="Offset">In the slice.</param>
/// <param name="Rows">m; of a run 1.</param>
/// <param name="Columns">n; of a run its length.</param>
/// <param name="Rank">r; of a run 0.</param>
internal readonly record struct MatrixBlock(int Offset, int Rows, int Columns, int Rank)
{
    public int Length => Rows * Columns;

    /// <summary>Numbers that travel.</summary>
    public int Sent => Rank == 0 ? Length : Rank * (Rows + Columns);

    /// <summary>
    /// The parts of a slice, one behind the other. A parameter of two or more dimensions is a matrix of its first one by all
    /// others. Slices cut matrices; the whole rows inside a slice are a matrix of their own. What is left of a row at a
    /// slice's border, vectors, and what would not get smaller travels as it is.
    /// </summary>
    public static ImmutableArray<MatrixBlock> Cut(ParameterLayout layout, ParameterSlice slice, int rank)
    {
        var blocks = new List<MatrixBlock>();
        foreach (var entry in layout.Entries.Where(entry => entry.Offset < slice.End && entry.Offset + entry.Length > slice.Offset))
        {
            var (from, to) = (Math.Max(entry.Offset, slice.Offset), Math.Min(entry.Offset + entry.Length, slice.End));
            var columns = entry.Shape.Length > 1 && entry.Shape[0] > 0 ? entry.Length / entry.Shape[0] : entry.Length;
            var first = entry.Offset + (from - entry.Offset + columns - 1) / columns * columns;
            var rows = Math.Max(0, (to - first) / columns);
            var block = new MatrixBlock(first - slice.Offset, rows, columns, Math.Min(rank, Math.Min(rows, columns)));
            if (rows > 0 && block.Sent < block.Length)
            {
                Run(from, first);
                blocks.Add(block);
                Run(first + block.Length, to);
            }
            else
                Run(from, to);
        }
        return [.. blocks];

        // Runs that touch become one.
        void Run(int start, int end)
        {
            if (start == end)
                return;
            var run = new MatrixBlock(start - slice.Offset, 1, end - start, 0);
            if (blocks.Count > 0 && blocks[^1] is { Rank: 0 } last)
                blocks[^1] = last with { Columns = last.Columns + run.Columns };
            else
                blocks.Add(run);
        }
    }
}
