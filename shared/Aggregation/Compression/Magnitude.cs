using System.Numerics;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// The absolute value of a float as the bits of its exponent and fraction: in the order of the values, with infinity and what
/// is no number above all others, so that one comparison finds them.
/// </summary>
internal static class Magnitude
{
    public const uint Mask = 0x7fff_ffff;

    /// <summary>From here on nothing is a finite number.</summary>
    public const uint Infinite = 0x7f80_0000;

    public static uint Of(float value) => BitConverter.SingleToUInt32Bits(value) & Mask;

    public static float ToFloat(uint magnitude) => BitConverter.UInt32BitsToSingle(magnitude);

    /// <summary>The largest; 0 of nothing.</summary>
    public static uint Max(ReadOnlySpan<float> values)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        var (max, i) = (0u, 0);
        if (bits.Length >= Vector<uint>.Count)
        {
            var (first, second, mask) = (Vector<uint>.Zero, Vector<uint>.Zero, Vector.Create(Mask));
            ref var start = ref MemoryMarshal.GetReference(bits);
            for (; i + 2 * Vector<uint>.Count <= bits.Length; i += 2 * Vector<uint>.Count)
            {
                first = Vector.Max(first, Vector.LoadUnsafe(ref start, (nuint)i) & mask);
                second = Vector.Max(second, Vector.LoadUnsafe(ref start, (nuint)(i + Vector<uint>.Count)) & mask);
            }
            first = Vector.Max(first, second);
            for (var lane = 0; lane < Vector<uint>.Count; lane++)
                max = Math.Max(max, first[lane]);
        }
        for (; i < bits.Length; i++)
            max = Math.Max(max, bits[i] & Mask);
        return max;
    }
}
