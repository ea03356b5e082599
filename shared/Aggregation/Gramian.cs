using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistMtl.Aggregation;

/// <summary>
/// The T x T products of the tasks' gradients. Every product of two floats is exact in double and is added to one of
/// sixteen fixed partial sums, so the bits depend neither on the width of the machine's vectors nor on its threads.
/// </summary>
public static class Gramian
{
    /// <summary>Columns widened to double at a time: for four tasks 16 KiB, half of the first-level cache.</summary>
    private const int BlockLength = 512;
    private const int Lanes = 16;

    /// <summary>G[i, j] = scale_i scale_j (g_i . g_j), read in one pass over the gradients.</summary>
    /// <param name="gradients_TP">Row after row, each of <paramref name="sharedLength"/>; what follows is not looked at.</param>
    /// <param name="tasks">T.</param>
    /// <param name="sharedLength">Elements of a row.</param>
    /// <param name="scales_T">Make means of sums: 1/N_t. A task of scale 0 has zero products, whatever its row holds.</param>
    public static double[,] Compute(ReadOnlySpan<float> gradients_TP, int tasks, int sharedLength, ReadOnlySpan<double> scales_T)
    {
        if (scales_T.Length != tasks)
            throw new ArgumentException($"{tasks} tasks need as many scales, not {scales_T.Length}", nameof(scales_T));
        if (gradients_TP.Length < (long)tasks * sharedLength)
            throw new ArgumentException($"{tasks} rows of {sharedLength} need more than {gradients_TP.Length} elements", nameof(gradients_TP));

        var products = new double[Pairs(tasks)];
        AddProducts(gradients_TP, [], tasks, sharedLength, sharedLength, products);
        return ToMatrix(products, scales_T);
    }

    /// <summary>Products of T tasks: T(T + 1) / 2, row after row of the lower triangle.</summary>
    internal static int Pairs(int tasks) => tasks * (tasks + 1) / 2;

    /// <summary>G[i, j] = scale_i scale_j times the product; zero where a scale is, whatever the product.</summary>
    internal static double[,] ToMatrix(ReadOnlySpan<double> products, ReadOnlySpan<double> scales_T)
    {
        var tasks = scales_T.Length;
        var gramian_TT = new double[tasks, tasks];
        var pair = 0;
        for (var i = 0; i < tasks; i++)
        {
            for (var j = 0; j <= i; j++, pair++)
            {
                var scale = scales_T[i] * scales_T[j];
                gramian_TT[i, j] = gramian_TT[j, i] = scale == 0 ? 0 : scale * products[pair];
            }
        }
        return gramian_TT;
    }

    /// <summary>The products of rows that are double already, in the same fixed order.</summary>
    /// <exception cref="ArgumentException">The rows differ in length.</exception>
    public static double[,] Compute(IReadOnlyList<double[]> rows_TP)
    {
        var gramian_TT = new double[rows_TP.Count, rows_TP.Count];
        for (var i = 0; i < rows_TP.Count; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                if (rows_TP[i].Length != rows_TP[j].Length)
                    throw new ArgumentException($"row {i} has {rows_TP[i].Length} entries, row {j} has {rows_TP[j].Length}", nameof(rows_TP));
                var sum = 0.0;
                for (var k = 0; k < rows_TP[i].Length; k++)
                    sum += rows_TP[i][k] * rows_TP[j][k];
                gramian_TT[i, j] = gramian_TT[j, i] = sum;
            }
        }
        return gramian_TT;
    }

    /// <summary>Adds to each product that of the rows of left + right, read in one pass and not written.</summary>
    /// <param name="left">Row after row.</param>
    /// <param name="right">Alike; empty: zeros.</param>
    /// <param name="rowLength">From one row's beginning to the next one's.</param>
    /// <param name="columns">Of each row, from its beginning.</param>
    internal static void AddProducts(
        ReadOnlySpan<float> left, ReadOnlySpan<float> right, int tasks, int rowLength, int columns, Span<double> products)
    {
        var block_TB = new double[tasks * BlockLength];
        var sums = new LaneSum[Pairs(tasks)];
        for (var start = 0; start < columns; start += BlockLength)
        {
            var width = Math.Min(BlockLength, columns - start);
            var padded = (width + Lanes - 1) / Lanes * Lanes;
            for (var task = 0; task < tasks; task++)
            {
                var row_B = block_TB.AsSpan(task * BlockLength, padded);
                var from = task * rowLength + start;
                Widen(left.Slice(from, width), right.IsEmpty ? right : right.Slice(from, width), row_B[..width]);
                row_B[width..].Clear();
            }
            AddBlock(block_TB, tasks, padded, sums);
        }
        for (var pair = 0; pair < sums.Length; pair++)
            products[pair] += sums[pair].Total();
    }

    /// <summary>left + right, rounded to float as in the reduction tree, as doubles.</summary>
    private static void Widen(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<double> row_B)
    {
        if (right.IsEmpty)
        {
            TensorPrimitives.ConvertTruncating(left, row_B);
            return;
        }
        var k = 0;
        ref var lefts = ref MemoryMarshal.GetReference(left);
        ref var rights = ref MemoryMarshal.GetReference(right);
        ref var rows = ref MemoryMarshal.GetReference(row_B);
        for (; k <= row_B.Length - Vector<float>.Count; k += Vector<float>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref lefts, (nuint)k) + Vector.LoadUnsafe(ref rights, (nuint)k), out var lower, out var upper);
            lower.StoreUnsafe(ref rows, (nuint)k);
            upper.StoreUnsafe(ref rows, (nuint)(k + Vector<double>.Count));
        }
        for (; k < row_B.Length; k++)
            row_B[k] = left[k] + right[k];
    }

    /// <param name="width">A multiple of the lanes.</param>
    private static void AddBlock(ReadOnlySpan<double> block_TB, int tasks, int width, LaneSum[] sums)
    {
        var pair = 0;
        for (var i = 0; i < tasks; i++)
        {
            ref var left = ref MemoryMarshal.GetReference(block_TB.Slice(i * BlockLength, width));
            for (var j = 0; j <= i; j++, pair++)
            {
                ref var right = ref MemoryMarshal.GetReference(block_TB.Slice(j * BlockLength, width));
                var (first, second, third, fourth) = sums[pair];
                for (nuint k = 0; k < (nuint)width; k += Lanes)
                {
                    first += Vector256.LoadUnsafe(ref left, k) * Vector256.LoadUnsafe(ref right, k);
                    second += Vector256.LoadUnsafe(ref left, k + 4) * Vector256.LoadUnsafe(ref right, k + 4);
                    third += Vector256.LoadUnsafe(ref left, k + 8) * Vector256.LoadUnsafe(ref right, k + 8);
                    fourth += Vector256.LoadUnsafe(ref left, k + 12) * Vector256.LoadUnsafe(ref right, k + 12);
                }
                sums[pair] = new LaneSum(first, second, third, fourth);
            }
        }
    }

    /// <summary>Sixteen lanes in four: additions wait for their own lane only, and four of them hide the wait.</summary>
    private readonly record struct LaneSum(
        Vector256<double> First,
        Vector256<double> Second,
        Vector256<double> Third,
        Vector256<double> Fourth)
    {
        /// <summary>Lane by lane: Vector256.Sum leaves its order to the hardware.</summary>
        public double Total()
        {
            var (low, high) = (First + Third, Second + Fourth);
            var total = 0.0;
            for (var i = 0; i < Vector256<double>.Count; i++)
                total += low.GetElement(i);
            for (var i = 0; i < Vector256<double>.Count; i++)
                total += high.GetElement(i);
            return total;
        }
    }
}
