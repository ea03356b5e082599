using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// The k elements of largest magnitude, exactly; of equal ones those with lower indices. A sample guesses a magnitude that
/// somewhat more than k elements reach, so that one fast pass leaves few to choose from; where the guess was too high, all
/// are looked at. The guess decides about time only, never about the result.
/// </summary>
internal static class LargestElements
{
    private const int Samples = 1024;
    private const int DigitBits = 8;
    private const int Digits = 1 << DigitBits;

    /// <param name="indices">Room for k; overwritten with the indices, ascending.</param>
    /// <returns>How many: k, or the number of elements that are not zero where that is less.</returns>
    public static int Find(ReadOnlySpan<float> values, int k, Span<int> indices)
    {
        var candidates = ArrayPool<int>.Shared.Rent(values.Length);
        var magnitudes = ArrayPool<uint>.Shared.Rent(values.Length);
        var floor = Guess(values, k, magnitudes);
        var count = Collect(values, floor, candidates);
        if (count < k && floor > 1)
            count = Collect(values, 1, candidates);
        if (count > k)
            count = Choose(values, candidates.AsSpan(0, count), k, magnitudes, candidates);
        candidates.AsSpan(0, count).CopyTo(indices);
        ArrayPool<int>.Shared.Return(candidates);
        ArrayPool<uint>.Shared.Return(magnitudes);
        return count;
    }

    /// <summary>The magnitude that about 2 k elements reach, by every so-manieth of them; 1, which all but zeros reach, where there are few.</summary>
    private static uint Guess(ReadOnlySpan<float> values, int k, Span<uint> sample)
    {
        var rank = (int)(2L * k * Samples / values.Length) + 8;
        if (values.Length < 4 * Samples || rank >= Samples / 2)
            return 1;
        var stride = values.Length / Samples;
        for (var i = 0; i < Samples; i++)
            sample[i] = Magnitude.Of(values[i * stride]);
        return Math.Max(1, KthLargest(sample[..Samples], rank));
    }

    /// <summary>The indices of all elements of at least this magnitude.</summary>
    private static int Collect(ReadOnlySpan<float> values, uint floor, Span<int> indices)
    {
        var bits = MemoryMarshal.Cast<float, int>(values);
        var (count, i, mask, least) = (0, 0, Vector256.Create((int)Magnitude.Mask), Vector256.Create((int)floor - 1));
        for (; i + Vector256<int>.Count <= bits.Length; i += Vector256<int>.Count)
        {
            var magnitudes = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bits), (nuint)i) & mask;
            for (var hits = Vector256.GreaterThan(magnitudes, least).ExtractMostSignificantBits(); hits != 0; hits &= hits - 1)
                indices[count++] = i + int.TrailingZeroCount((int)hits);
        }
        for (; i < bits.Length; i++)
        {
            if (Magnitude.Of(values[i]) >= floor)
                indices[count++] = i;
        }
        return count;
    }

    /// <param name="chosen">May be the candidates' own memory.</param>
    private static int Choose(ReadOnlySpan<float> values, ReadOnlySpan<int> candidates, int k, Span<uint> magnitudes, Span<int> chosen)
    {
        for (var i = 0; i < candidates.Length; i++)
            magnitudes[i] = Magnitude.Of(values[candidates[i]]);
        var least = KthLargest(magnitudes[..candidates.Length], k);
        var ties = k;
        foreach (var index in candidates)
            ties -= Magnitude.Of(values[index]) > least ? 1 : 0;
        var count = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            var magnitude = Magnitude.Of(values[candidates[i]]);
            if (magnitude > least || magnitude == least && ties-- > 0)
                chosen[count++] = candidates[i];
        }
        return count;
    }

    /// <summary>Digit by digit from the highest: those of the right digit go on to the next.</summary>
    /// <param name="magnitudes">Overwritten.</param>
    /// <param name="k">From 1.</param>
    private static uint KthLargest(Span<uint> magnitudes, int k)
    {
        Span<int> counts = stackalloc int[Digits];
        for (var shift = 32 - DigitBits; shift >= 0; shift -= DigitBits)
        {
            counts.Clear();
            foreach (var magnitude in magnitudes)
                counts[(int)(magnitude >> shift) & (Digits - 1)]++;
            var digit = Digits - 1;
            for (; counts[digit] < k; digit--)
                k -= counts[digit];
            var kept = 0;
            foreach (var magnitude in magnitudes)
            {
                if (((magnitude >> shift) & (Digits - 1)) == digit)
                    magnitudes[kept++] = magnitude;
            }
            magnitudes = magnitudes[..kept];
        }
        return magnitudes[0];
    }
}
