using System.Collections.Immutable;

namespace DistMtl.Protocol;

/// <summary>
/// The rows of the sparse tables that something touches: for each row list of <see cref="TableEntry.RowList"/> the row
/// numbers, ascending, each once. Values that belong to them lie in this order.
/// </summary>
public sealed class RowLists
{
    /// <param name="lists">Each ascending, without a row twice.</param>
    public RowLists(ImmutableArray<int[]> lists)
    {
        Lists = lists;
        Count = lists.Sum(list => list.Length);
    }

    public ImmutableArray<int[]> Lists { get; }

    /// <summary>Rows of all lists.</summary>
    public int Count { get; }

    /// <summary>No row of any of <paramref name="lists"/> lists.</summary>
    public static RowLists Empty(int lists) => new([.. Enumerable.Range(0, lists).Select(_ => Array.Empty<int>())]);

    /// <summary>The rows that are in either.</summary>
    public static RowLists Union(RowLists left, RowLists right) =>
        new([.. left.Lists.Zip(right.Lists, Union)]);

    /// <param name="rows">In any order, repeated or not; is sorted.</param>
    /// <returns>Ascending, each once.</returns>
    public static int[] Distinct(Span<int> rows)
    {
        rows.Sort();
        var count = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (i == 0 || rows[i] != rows[i - 1])
                rows[count++] = rows[i];
        }
        return rows[..count].ToArray();
    }

    private static int[] Union(int[] left, int[] right)
    {
        var union = new int[left.Length + right.Length];
        var (i, j, count) = (0, 0, 0);
        while (i < left.Length && j < right.Length)
        {
            var (a, b) = (left[i], right[j]);
            union[count++] = Math.Min(a, b);
            i += a <= b ? 1 : 0;
            j += b <= a ? 1 : 0;
        }
        left.AsSpan(i).CopyTo(union.AsSpan(count));
        right.AsSpan(j).CopyTo(union.AsSpan(count + left.Length - i));
        return union[..(count + left.Length - i + right.Length - j)];
    }
}
