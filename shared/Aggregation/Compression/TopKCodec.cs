using System.Buffers;
using System.Numerics;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// Deep Gradient Compression (Lin et al. 2018, algorithm 4): with the gradient g, clipped, and momentum m
/// <code>u = m u + g;  v = v + u;  the k elements of v of largest magnitude travel, and are zero in u and v from then on</code>
/// Momentum correction is the first line; zero in u is momentum factor masking. Without momentum u is g, which is plain
/// error feedback (Stich et al. 2018).
/// </summary>
internal sealed class TopKCodec(int length, SparsitySchedule schedule, float momentum) : RowCodec(length)
{
    /// <summary>The share never rises.</summary>
    public override int MaxBytes { get; } = SparseRow.HeaderBytes + schedule.CountAt(0, length) * SparseRow.MaxElementBytes;

    public override bool HasResidual => true;

    public override bool HasVelocity => momentum != 0;

    public override int Encode(ReadOnlySpan<float> gradient, in RowMemory memory, Span<byte> payload)
    {
        var residual = memory.Residual;
        var velocity = memory.Velocity;
        if (HasVelocity)
            Accumulate(gradient, memory.Factor, momentum, velocity, residual);
        else
            Accumulate(gradient, memory.Factor, residual);
        RequireFinite(Magnitude.Max(residual));
        var k = schedule.CountAt(memory.Step, Length);
        var indices = ArrayPool<int>.Shared.Rent(k);
        var count = LargestElements.Find(residual, k, indices);
        var writer = new SparseRowWriter(payload);
        foreach (var index in indices.AsSpan(0, count))
        {
            writer.Add(index, residual[index]);
            residual[index] = 0;
            if (HasVelocity)
                velocity[index] = 0;
        }
        ArrayPool<int>.Shared.Return(indices);
        return writer.Finish();
    }

    public override int Decode(ReadOnlySpan<byte> payload, Span<float> gradient)
    {
        gradient.Clear();
        var reader = new SparseRowReader(payload, Length);
        while (reader.Next())
            gradient[reader.Index] = reader.Value;
        return payload.Length - reader.Rest.Length;
    }

    private static void Accumulate(ReadOnlySpan<float> gradient, float factor, Span<float> residual)
    {
        var scale = Vector.Create(factor);
        for (var i = 0; i < gradient.Length; i += Lanes.Count)
            Lanes.Store(residual, i, Lanes.Load(residual, i) + scale * Lanes.Load(gradient, i));
    }

    private static void Accumulate(ReadOnlySpan<float> gradient, float factor, float momentum, Span<float> velocity, Span<float> residual)
    {
        var (scale, decay) = (Vector.Create(factor), Vector.Create(momentum));
        for (var i = 0; i < gradient.Length; i += Lanes.Count)
        {
            var moved = decay * Lanes.Load(velocity, i) + scale * Lanes.Load(gradient, i);
            Lanes.Store(velocity, i, moved);
            Lanes.Store(residual, i, Lanes.Load(residual, i) + moved);
        }
    }
}
