using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// One signed byte a number and one scale a block: q = round(x / s), ties to even, with s = max |x| / 127 of the block. With
/// error feedback (Seide et al. 2014; Karimireddy et al. 2019) x is the gradient plus what earlier steps have lost of it,
/// so that numbers too small for their block's scale add up until they are not. Row: all scales as floats, then the bytes.
/// </summary>
internal sealed class ByteCodec(int length, int block, bool errorFeedback) : RowCodec(length)
{
    private const int StackBlock = 256;
    private const float Top = 127;

    /// <summary>So that no product of a scale and a byte overflows.</summary>
    private const float MaxScale = float.MaxValue / 128;

    /// <summary>
    /// 1.5 x 2^23: added to a float of less than 2^22, the sum's last place is 1, so the addition rounds to a whole number,
    /// ties to even, which stands in the sum's low bits.
    /// </summary>
    private const float Shifter = 12_582_912;

    private readonly int _blocks = (length + block - 1) / block;

    public override int MaxBytes => sizeof(float) * _blocks + Length;

    public override bool HasResidual => errorFeedback;

    public override int Encode(ReadOnlySpan<float> gradient, in RowMemory memory, Span<byte> payload)
    {
        var scales = MemoryMarshal.Cast<byte, float>(payload[..(sizeof(float) * _blocks)]);
        var bytes = MemoryMarshal.Cast<byte, sbyte>(payload[(sizeof(float) * _blocks)..MaxBytes]);
        for (var i = 0; i < _blocks; i++)
        {
            var (start, count) = (i * block, Math.Min(block, Length - i * block));
            if (errorFeedback)
            {
                var residual = memory.Residual.Slice(start, count);
                TensorPrimitives.Add(residual, gradient.Slice(start, count), residual);
                scales[i] = Quantise(residual, bytes.Slice(start, count));
                Subtract(residual, bytes.Slice(start, count), scales[i]);
            }
            else
                scales[i] = Quantise(gradient.Slice(start, count), bytes.Slice(start, count));
        }
        return MaxBytes;
    }

    public override int Decode(ReadOnlySpan<byte> payload, Span<float> gradient)
    {
        payload = Take(payload, MaxBytes);
        var scales = MemoryMarshal.Cast<byte, float>(payload[..(sizeof(float) * _blocks)]);
        var bytes = MemoryMarshal.Cast<byte, sbyte>(payload[(sizeof(float) * _blocks)..]);
        for (var i = 0; i < _blocks; i++)
        {
            if (!(scales[i] is >= 0 and <= MaxScale))
                throw new InvalidDataException($"block {i} of a compressed gradient is scaled by {scales[i]}");
            var (start, count) = (i * block, Math.Min(block, Length - i * block));
            Expand(bytes.Slice(start, count), scales[i], gradient.Slice(start, count));
        }
        return MaxBytes;
    }

    /// <returns>The scale; 0 where nothing but zeros is left.</returns>
    private static float Quantise(ReadOnlySpan<float> values, Span<sbyte> bytes)
    {
        var max = Magnitude.Max(values);
        RequireFinite(max);
        var scale = Math.Min(Magnitude.ToFloat(max) / Top, MaxScale);
        if (scale == 0)
        {
            bytes.Clear();
            return 0;
        }
        var (i, lanes, divisor) = (0, Vector<float>.Count, Vector.Create(scale));
        for (; i + 4 * lanes <= values.Length; i += 4 * lanes)
        {
            var (first, second) = (Shifted(values, i, divisor), Shifted(values, i + lanes, divisor));
            var (third, fourth) = (Shifted(values, i + 2 * lanes, divisor), Shifted(values, i + 3 * lanes, divisor));
            Vector.Narrow(Vector.Narrow(first, second), Vector.Narrow(third, fourth)).CopyTo(bytes[i..]);
        }
        for (; i < values.Length; i++)
            bytes[i] = (sbyte)BitConverter.SingleToInt32Bits(Math.Clamp(values[i] / scale, -Top, Top) + Shifter);
        return scale;
    }

    /// <summary>A denormal scale may be so coarse that a quotient passes 127.</summary>
    private static Vector<int> Shifted(ReadOnlySpan<float> values, int start, Vector<float> divisor) => Vector.AsVectorInt32(
        Vector.Min(Vector.Max(new Vector<float>(values[start..]) / divisor, Vector.Create(-Top)), Vector.Create(Top)) + Vector.Create(Shifter));

    private static void Expand(ReadOnlySpan<sbyte> bytes, float scale, Span<float> values)
    {
        var (i, lanes, factor) = (0, Vector<float>.Count, Vector.Create(scale));
        for (; i + 4 * lanes <= values.Length; i += 4 * lanes)
        {
            Vector.Widen(new Vector<sbyte>(bytes[i..]), out var low, out var high);
            Vector.Widen(low, out var first, out var second);
            Vector.Widen(high, out var third, out var fourth);
            (Vector.ConvertToSingle(first) * factor).CopyTo(values[i..]);
            (Vector.ConvertToSingle(second) * factor).CopyTo(values[(i + lanes)..]);
            (Vector.ConvertToSingle(third) * factor).CopyTo(values[(i + 2 * lanes)..]);
            (Vector.ConvertToSingle(fourth) * factor).CopyTo(values[(i + 3 * lanes)..]);
        }
        for (; i < values.Length; i++)
            values[i] = bytes[i] * scale;
    }

    /// <summary>residual - q s, with the very numbers that decoding gives.</summary>
    private static void Subtract(Span<float> residual, ReadOnlySpan<sbyte> bytes, float scale)
    {
        Span<float> sent = stackalloc float[StackBlock];
        for (var i = 0; i < residual.Length; i += sent.Length)
        {
            var part = residual.Slice(i, Math.Min(sent.Length, residual.Length - i));
            Expand(bytes.Slice(i, part.Length), scale, sent[..part.Length]);
            TensorPrimitives.Subtract(part, sent[..part.Length], part);
        }
    }
}
