using System.Numerics;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// The upper half of a float, rounded to nearest, ties to even: 8 bits of precision, the range of a float. What would round
/// to infinity, above 3.39e38, is the largest finite number instead.
/// </summary>
internal sealed class BrainFloatCodec(int length) : RowCodec(length)
{
    private const uint Sign = 0x8000_0000;
    private const uint Largest = 0x7f7f_0000;
    private const uint Half = 0x7fff;
    private const int Shift = 16;

    public override int MaxBytes => 2 * Length;

    public override int Encode(ReadOnlySpan<float> gradient, in RowMemory memory, Span<byte> payload)
    {
        RequireFinite(Magnitude.Max(gradient));
        var bits = MemoryMarshal.Cast<float, uint>(gradient);
        var target = MemoryMarshal.Cast<byte, ushort>(payload[..MaxBytes]);
        var i = 0;
        for (; i + 2 * Vector<uint>.Count <= bits.Length; i += 2 * Vector<uint>.Count)
        {
            var low = Round(new Vector<uint>(bits[i..]));
            var high = Round(new Vector<uint>(bits[(i + Vector<uint>.Count)..]));
            Vector.Narrow(low, high).CopyTo(target[i..]);
        }
        for (; i < bits.Length; i++)
            target[i] = (ushort)((Math.Min((bits[i] & Magnitude.Mask) + Half + ((bits[i] >> Shift) & 1), Largest) | (bits[i] & Sign)) >> Shift);
        return MaxBytes;
    }

    public override int Decode(ReadOnlySpan<byte> payload, Span<float> gradient)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(Take(payload, MaxBytes));
        var bits = MemoryMarshal.Cast<float, uint>(gradient[..Length]);
        var i = 0;
        for (; i + Vector<ushort>.Count <= halves.Length; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[i..]), out var low, out var high);
            (low << Shift).CopyTo(bits[i..]);
            (high << Shift).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }
        for (; i < halves.Length; i++)
            bits[i] = (uint)halves[i] << Shift;
        RequireFiniteData(Magnitude.Max(gradient[..Length]));
        return MaxBytes;
    }

    private static Vector<uint> Round(Vector<uint> bits)
    {
        var rounded = (bits & Vector.Create(Magnitude.Mask)) + Vector.Create(Half) + ((bits >>> Shift) & Vector<uint>.One);
        return (Vector.Min(rounded, Vector.Create(Largest)) | (bits & Vector.Create(Sign))) >>> Shift;
    }
}
