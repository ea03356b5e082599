using System.Collections.Immutable;
using System.Numerics.Tensors;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>Gradients of the rows that a subtree of the shards touches.</summary>
/// <param name="Gradients">As the <see cref="TableShape"/> lays them out; may be longer (pooled).</param>
public sealed record RowSum(RowLists Rows, float[] Gradients);

/// <summary>
/// Which rows of two subtrees are the same, found before their gradients are there. A row that only one of them touches
/// is passed through: its gradients begin as zeros, to which sums were added, so adding a zero would not change a bit.
/// </summary>
public sealed class RowMerge
{
    /// <summary>In <see cref="LeftPlaces"/>: the row is not there.</summary>
    public const int None = -1;

    private RowMerge(RowLists union, ImmutableArray<int[]> left, ImmutableArray<int[]> right) => (Union, LeftPlaces, RightPlaces) = (union, left, right);

    public RowLists Union { get; }

    /// <summary>By list and row of the union: its place on the left.</summary>
    public ImmutableArray<int[]> LeftPlaces { get; }

    /// <summary>By list and row of the union: its place on the right.</summary>
    public ImmutableArray<int[]> RightPlaces { get; }

    public static RowMerge Of(RowLists left, RowLists right)
    {
        var union = RowLists.Union(left, right);
        return new RowMerge(
            union,
            [.. union.Lists.Zip(left.Lists, Places)],
            [.. union.Lists.Zip(right.Lists, Places)]);
    }

    /// <summary>left + right where both have a row.</summary>
    /// <param name="sum">Overwritten; as <paramref name="shape"/> lays out the union.</param>
    public void Add(TableShape shape, ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> sum)
    {
        foreach (var table in shape.Tables)
        {
            var width = shape.Copies(table) * table.Dim;
            var (lefts, rights) = (LeftPlaces[table.RowList], RightPlaces[table.RowList]);
            var (leftRows, rightRows) = (0, 0);
            for (var i = 0; i < lefts.Length; i++)
            {
                var target = sum.Slice(i * width, width);
                if (rights[i] == None)
                    left.Slice(leftRows++ * width, width).CopyTo(target);
                else if (lefts[i] == None)
                    right.Slice(rightRows++ * width, width).CopyTo(target);
                else
                    TensorPrimitives.Add(left.Slice(leftRows++ * width, width), right.Slice(rightRows++ * width, width), target);
            }
            left = left[(leftRows * width)..];
            right = right[(rightRows * width)..];
            sum = sum[(lefts.Length * width)..];
        }
    }

    /// <summary>The left's gradients among the rows of the union, where those that only the right has are zero.</summary>
    /// <param name="target">Overwritten; as <paramref name="shape"/> lays out the union.</param>
    public void Extend(TableShape shape, ReadOnlySpan<float> left, Span<float> target)
    {
        target.Clear();
        foreach (var table in shape.Tables)
        {
            var (width, lefts, rows) = (shape.Copies(table) * table.Dim, LeftPlaces[table.RowList], 0);
            for (var i = 0; i < lefts.Length; i++)
            {
                if (lefts[i] != None)
                    left.Slice(rows++ * width, width).CopyTo(target[(i * width)..]);
            }
            left = left[(rows * width)..];
            target = target[(lefts.Length * width)..];
        }
    }

    private static int[] Places(int[] union, int[] part)
    {
        var places = new int[union.Length];
        var next = 0;
        for (var i = 0; i < union.Length; i++)
            places[i] = next < part.Length && part[next] == union[i] ? next++ : None;
        return places;
    }
}
