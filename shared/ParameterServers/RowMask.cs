using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>Some of the rows of a pull: one bit for each, list after list, the first in the lowest bit of the first byte.</summary>
public sealed class RowMask
{
    private readonly RowLists _rows;
    private readonly byte[] _bits;

    private RowMask(RowLists rows, byte[] bits) => (_rows, _bits) = (rows, bits);

    /// <summary>Whole numbers of 4 bytes, so that float32 may follow.</summary>
    public ReadOnlySpan<byte> Bytes => _bits;

    /// <summary>How many bytes the mask of some rows takes.</summary>
    public static int LengthOf(RowLists rows) => (rows.Count + 31) / 32 * 4;

    /// <summary>Those of <paramref name="rows"/> that are not among <paramref name="others"/>.</summary>
    public static RowMask Without(RowLists rows, RowLists others)
    {
        var bits = new byte[LengthOf(rows)];
        var bit = 0;
        for (var list = 0; list < rows.Lists.Length; list++)
        {
            var (own, other, next) = (rows.Lists[list], others.Lists[list], 0);
            foreach (var row in own)
            {
                while (next < other.Length && other[next] < row)
                    next++;
                if (next == other.Length || other[next] != row)
                    bits[bit >> 3] |= (byte)(1 << (bit & 7));
                bit++;
            }
        }
        return new RowMask(rows, bits);
    }

    /// <param name="bytes">At least <see cref="LengthOf"/>.</param>
    public static RowMask Read(RowLists rows, ReadOnlySpan<byte> bytes) => new(rows, bytes[..LengthOf(rows)].ToArray());

    /// <summary>The rows that are in the mask, or those that are not; with their places in their lists.</summary>
    public (RowLists Rows, int[][] Places) Select(bool isIn)
    {
        var (lists, places) = (new int[_rows.Lists.Length][], new int[_rows.Lists.Length][]);
        var bit = 0;
        for (var list = 0; list < lists.Length; list++)
        {
            var rows = _rows.Lists[list];
            var (chosen, at, count) = (new int[rows.Length], new int[rows.Length], 0);
            for (var i = 0; i < rows.Length; i++, bit++)
            {
                if ((_bits[bit >> 3] >> (bit & 7) & 1) == 1 != isIn)
                    continue;
                (chosen[count], at[count]) = (rows[i], i);
                count++;
            }
            (lists[list], places[list]) = (chosen[..count], at[..count]);
        }
        return (new RowLists([.. lists]), places);
    }
}
