using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistMtl.Aggregation.Compression;

/// <summary>Sums of products in double, in an order of four lanes on every machine; products of two floats are exact in double.</summary>
internal static class DoubleSums
{
    /// <summary>Of what a column was, what must be left beside the columns before it; less is rounding.</summary>
    private const double Least = 1e-6;

    public static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var (even, odd, i) = (Vector256<double>.Zero, Vector256<double>.Zero, 0);
        for (; i + 2 * Vector128<float>.Count <= left.Length; i += 2 * Vector128<float>.Count)
        {
            even += Widen(left, i) * Widen(right, i);
            odd += Widen(left, i + Vector128<float>.Count) * Widen(right, i + Vector128<float>.Count);
        }
        even += odd;
        var sum = even.GetElement(0) + even.GetElement(1) + (even.GetElement(2) + even.GetElement(3));
        for (; i < left.Length; i++)
            sum += (double)left[i] * right[i];
        return sum;
    }

    /// <summary>sums += factor x values.</summary>
    public static void AddScaled(ReadOnlySpan<float> values, double factor, Span<double> sums)
    {
        var (factors, i) = (Vector256.Create(factor), 0);
        ref var target = ref MemoryMarshal.GetReference(sums);
        for (; i + Vector128<float>.Count <= values.Length; i += Vector128<float>.Count)
            (Vector256.LoadUnsafe(ref target, (nuint)i) + factors * Widen(values, i)).StoreUnsafe(ref target, (nuint)i);
        for (; i < values.Length; i++)
            sums[i] += factor * values[i];
    }

    /// <summary>
    /// Gram-Schmidt, each column against all before it twice, which is enough for full precision (Giraud et al. 2005). A
    /// column of which nothing but rounding is left becomes zero.
    /// </summary>
    /// <param name="columns">One behind the other.</param>
    /// <param name="length">Of each.</param>
    public static void Orthonormalise(Span<double> columns, int length)
    {
        for (var c = 0; c < columns.Length / length; c++)
        {
            var column = columns.Slice(c * length, length);
            var least = Least * Math.Sqrt(Dot(column, column));
            for (var pass = 0; pass < 2; pass++)
            {
                for (var before = 0; before < c; before++)
                {
                    var other = columns.Slice(before * length, length);
                    var along = Dot(column, other);
                    for (var i = 0; i < length; i++)
                        column[i] -= along * other[i];
                }
            }
            var norm = Math.Sqrt(Dot(column, column));
            if (norm <= least)
                column.Clear();
            else
            {
                for (var i = 0; i < length; i++)
                    column[i] /= norm;
            }
        }
    }

    private static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var sum = 0.0;
        for (var i = 0; i < left.Length; i++)
            sum += left[i] * right[i];
        return sum;
    }

    private static Vector256<double> Widen(ReadOnlySpan<float> values, int start)
    {
        var four = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)start);
        return Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four));
    }
}
