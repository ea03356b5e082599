using System.Buffers;
using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// PowerSGD (Vogels et al. 2019, algorithms 1 and 2): one subspace iteration a step, started from the step before's. With a
/// matrix M of m rows and n columns, gradient plus what was not sent before,
/// <code>P = orthogonal(M Q);  Q = M' P;  sent: P and Q;  kept: M - P Q', and Q for the next step</code>
/// The paper adds up P and then Q over all workers, two rounds in one step, so that all have one P; here each shard sends
/// its own two matrices and the servers add up the products, so that one message a step is enough and the sum has up to r S
/// dimensions. Row: part after part; of a matrix P column by column, then Q column by column.
/// </summary>
internal sealed class PowerSgdCodec(int length, ImmutableArray<MatrixBlock> blocks) : RowCodec(length)
{
    public override int MaxBytes { get; } = sizeof(float) * blocks.Sum(block => block.Sent);

    public override bool HasResidual => true;

    public override int StartLength { get; } = blocks.Sum(block => block.Rank * block.Columns);

    public override void Begin(Span<float> start, ulong key) => Draw(start, key);

    public override int Encode(ReadOnlySpan<float> gradient, in RowMemory memory, Span<byte> payload)
    {
        var sent = MemoryMarshal.Cast<byte, float>(payload[..MaxBytes]);
        var start = memory.Start;
        for (var i = 0; i < blocks.Length; i++)
        {
            var block = blocks[i];
            var part = sent[..block.Sent];
            sent = sent[part.Length..];
            if (block.Rank == 0)
            {
                gradient.Slice(block.Offset, block.Length).CopyTo(part);
                RequireFinite(Magnitude.Max(part));
                continue;
            }
            var matrix = memory.Residual.Slice(block.Offset, block.Length);
            TensorPrimitives.Add(matrix, gradient.Slice(block.Offset, block.Length), matrix);
            RequireFinite(Magnitude.Max(matrix));
            Factor(block, matrix, start[..(block.Rank * block.Columns)], part, StableHash.Mix(memory.Key, (ulong)memory.Step, (ulong)i));
            RequireFinite(Magnitude.Max(part));
            start = start[(block.Rank * block.Columns)..];
        }
        return MaxBytes;
    }

    public override int Decode(ReadOnlySpan<byte> payload, Span<float> gradient)
    {
        var sent = MemoryMarshal.Cast<byte, float>(Take(payload, MaxBytes));
        RequireFiniteData(Magnitude.Max(sent));
        foreach (var block in blocks)
        {
            var target = gradient.Slice(block.Offset, block.Length);
            if (block.Rank == 0)
                sent[..block.Length].CopyTo(target);
            else
                Multiply(block, sent, target, subtract: false);
            sent = sent[block.Sent..];
        }
        RequireFiniteData(Magnitude.Max(gradient[..Length]));
        return MaxBytes;
    }

    /// <param name="matrix_MN">Overwritten with what is not sent.</param>
    /// <param name="start_RN">Overwritten with the next step's.</param>
    /// <param name="sent">P (r x m), then Q (r x n).</param>
    private static void Factor(in MatrixBlock block, Span<float> matrix_MN, Span<float> start_RN, Span<float> sent, ulong key)
    {
        var (m, n, r) = (block.Rows, block.Columns, block.Rank);
        var pool = ArrayPool<double>.Shared;
        var (columns, sums) = (pool.Rent(r * m), pool.Rent(r * n));
        var columns_RM = columns.AsSpan(0, r * m);
        var sums_RN = sums.AsSpan(0, r * n);
        for (var i = 0; i < m; i++)
        {
            var row = matrix_MN.Slice(i * n, n);
            for (var c = 0; c < r; c++)
                columns_RM[c * m + i] = DoubleSums.Dot(row, start_RN.Slice(c * n, n));
        }
        DoubleSums.Orthonormalise(columns_RM, m);
        var left_RM = sent[..(r * m)];
        var right_RN = sent[(r * m)..];
        TensorPrimitives.ConvertTruncating<double, float>(columns_RM, left_RM);
        sums_RN.Clear();
        for (var i = 0; i < m; i++)
        {
            for (var c = 0; c < r; c++)
                DoubleSums.AddScaled(matrix_MN.Slice(i * n, n), left_RM[c * m + i], sums_RN.Slice(c * n, n));
        }
        TensorPrimitives.ConvertTruncating<double, float>(sums_RN, right_RN);
        Multiply(block, sent, matrix_MN, subtract: true);
        right_RN.CopyTo(start_RN);
        for (var c = 0; c < r; c++)
        {
            // A column that has found nothing would find nothing again, for ever.
            if (!left_RM.Slice(c * m, m).ContainsAnyExcept(0))
                Draw(start_RN.Slice(c * n, n), StableHash.Mix(key, (ulong)c));
        }
        pool.Return(columns);
        pool.Return(sums);
    }

    /// <summary>target = P Q', or target - P Q'; by the same operations on both sides of the wire.</summary>
    private static void Multiply(in MatrixBlock block, ReadOnlySpan<float> sent, Span<float> target_MN, bool subtract)
    {
        var (m, n, r) = (block.Rows, block.Columns, block.Rank);
        var left_RM = sent[..(r * m)];
        var right_RN = sent.Slice(r * m, r * n);
        for (var i = 0; i < m; i++)
        {
            var row = target_MN.Slice(i * n, n);
            for (var j = 0; j < n; j += Lanes.Count)
            {
                var product = Vector<float>.Zero;
                for (var c = 0; c < r; c++)
                    product += Vector.Create(left_RM[c * m + i]) * Lanes.Load(right_RN.Slice(c * n, n), j);
                Lanes.Store(row, j, subtract ? Lanes.Load(row, j) - product : product);
            }
        }
    }

    /// <summary>Between -1 and 1, by multiplications alone, for every machine must draw the same.</summary>
    private static void Draw(Span<float> values, ulong key)
    {
        var random = new StableRandom(key);
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)(2 * random.NextDouble() - 1);
    }
}
