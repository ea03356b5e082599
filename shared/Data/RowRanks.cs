using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace DistMtl.Data;

/// <summary>Row numbers in ascending order, by a radix sort (Knuth, TAOCP 5.2.5) that carries along where each came from.</summary>
internal static class RowRanks
{
    private const int DigitBits = 8;
    private const int Digits = 1 << DigitBits;

    /// <param name="rows">In any order, repeated or not, none negative; each is replaced by its place in what is returned.</param>
    /// <returns>The rows, ascending, each once.</returns>
    public static int[] Replace(Span<int> rows)
    {
        var (first, second) = (ArrayPool<ulong>.Shared.Rent(rows.Length), ArrayPool<ulong>.Shared.Rent(rows.Length));
        var from_N = first.AsSpan(0, rows.Length);
        var to_N = second.AsSpan(0, rows.Length);
        var all = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            from_N[i] = (ulong)(uint)rows[i] << 32 | (uint)i;
            all |= rows[i];
        }
        Span<int> starts = stackalloc int[Digits];
        var bits = 32 - BitOperations.LeadingZeroCount((uint)all);
        for (var shift = 32; shift < 32 + bits; shift += DigitBits)
        {
            Sort(from_N, to_N, shift, starts);
            var sorted_N = to_N;
            to_N = from_N;
            from_N = sorted_N;
        }
        var distinct = MemoryMarshal.Cast<ulong, int>(to_N);
        var (last, count) = (-1, 0);
        foreach (var key in from_N)
        {
            var row = (int)(key >> 32);
            if (row != last)
                distinct[count++] = last = row;
            rows[(int)(uint)key] = count - 1;
        }
        var result = distinct[..count].ToArray();
        ArrayPool<ulong>.Shared.Return(first);
        ArrayPool<ulong>.Shared.Return(second);
        return result;
    }

    /// <summary>One digit, stable.</summary>
    private static void Sort(ReadOnlySpan<ulong> from_N, Span<ulong> to_N, int shift, Span<int> starts)
    {
        starts.Clear();
        foreach (var key in from_N)
            starts[(int)(key >> shift) & (Digits - 1)]++;
        var start = 0;
        foreach (ref var digit in starts)
            (digit, start) = (start, start + digit);
        foreach (var key in from_N)
            to_N[starts[(int)(key >> shift) & (Digits - 1)]++] = key;
    }
}
