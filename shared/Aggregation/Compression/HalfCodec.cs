using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// IEEE 754 half precision, rounded to nearest, ties to even, with one power of two a row that brings its largest number
/// to between 2^14 and 2^15: nothing overflows, numbers down to 2^-29 of the largest keep all 11 bits, and the scaling is
/// exact. (Bare halves would lose gradients below 6e-8 and saturate above 65,504.) Row: the power of two that decoding
/// multiplies by, as a float, then the halves.
/// </summary>
internal sealed class HalfCodec(int length) : RowCodec(length)
{
    private const int Block = 1024;
    private const int TopExponent = 14;

    /// <summary>The last half before 2^15, to which only numbers of the largest exponent must not be rounded up: it would be infinity again.</summary>
    private const float Largest = 32_752;

    private const int Bias = 127;
    private const int FractionBits = 23;

    public override int MaxBytes => sizeof(float) + 2 * Length;

    public override int Encode(ReadOnlySpan<float> gradient, in RowMemory memory, Span<byte> payload)
    {
        var max = Magnitude.Max(gradient);
        RequireFinite(max);
        // Both powers stay normal; a row that is smaller still does not reach the top.
        var exponent = Math.Clamp(max == 0 ? TopExponent : (int)(max >> FractionBits) - Bias, 2 - Bias + TopExponent, Bias);
        BinaryPrimitives.WriteSingleLittleEndian(payload, PowerOfTwo(exponent - TopExponent));
        var scale = PowerOfTwo(TopExponent - exponent);
        var halves = MemoryMarshal.Cast<byte, Half>(payload.Slice(sizeof(float), 2 * Length));
        Span<float> scaled = stackalloc float[Block];
        for (var i = 0; i < Length; i += Block)
        {
            var count = Math.Min(Block, Length - i);
            TensorPrimitives.Multiply(gradient.Slice(i, count), scale, scaled);
            if (exponent == Bias)
                TensorPrimitives.Clamp(scaled[..count], -Largest, Largest, scaled);
            TensorPrimitives.ConvertToHalf(scaled[..count], halves.Slice(i, count));
        }
        return MaxBytes;
    }

    public override int Decode(ReadOnlySpan<byte> payload, Span<float> gradient)
    {
        payload = Take(payload, MaxBytes);
        var scale = BinaryPrimitives.ReadSingleLittleEndian(payload);
        if (!float.IsFinite(scale) || scale <= 0)
            throw new InvalidDataException($"a compressed gradient is scaled by {scale}");
        var halves = MemoryMarshal.Cast<byte, Half>(payload[sizeof(float)..]);
        for (var i = 0; i < Length; i += Block)
        {
            var target = gradient.Slice(i, Math.Min(Block, Length - i));
            TensorPrimitives.ConvertToSingle(halves.Slice(i, target.Length), target);
            TensorPrimitives.Multiply(target, scale, target);
            RequireFiniteData(Magnitude.Max(target));
        }
        return MaxBytes;
    }

    private static float PowerOfTwo(int exponent) => BitConverter.UInt32BitsToSingle((uint)(exponent + Bias) << FractionBits);
}
