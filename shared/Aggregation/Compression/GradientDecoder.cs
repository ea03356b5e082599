using System.Buffers;
using System.Collections.Immutable;
using System.Numerics.Tensors;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// Reads what <see cref="ShardCompressor"/> has written. What shards add up to are the numbers that decoding gives, in the
/// order of the tree, so that the sum does not depend on where it is formed. Without state, safe for several threads.
/// </summary>
public sealed class GradientDecoder(CompressionPlan plan)
{
    private readonly ImmutableArray<RowCodec> _codecs = [.. plan.Slices.All.Select(plan.CodecOf)];

    /// <summary>
    /// Whether payloads can be added up as they are (<see cref="Merge"/>), so that one travels for a subtree; else a worker
    /// sends one of each shard.
    /// </summary>
    public bool CanMerge => plan.Settings.Kind == CompressionKind.TopK;

    /// <summary>Overwrites a slice's gradient.</summary>
    /// <param name="payload">Of one shard, or merged.</param>
    /// <param name="gradient">Its rows one behind the other (<see cref="ParameterSlices.GradientLength"/>).</param>
    /// <exception cref="InvalidDataException">The payload is no gradient of this slice, or not finite; what was decoded is of no use.</exception>
    public void Decode(int slice, ReadOnlySpan<byte> payload, Span<float> gradient)
    {
        var codec = _codecs[slice];
        RequireLength(slice, gradient);
        for (; !gradient.IsEmpty; gradient = gradient[codec.Length..])
            payload = payload[codec.Decode(payload, gradient[..codec.Length])..];
        RequireEnd(payload);
    }

    /// <summary>sum = sum + decoded, element by element; where an element is not in a sparse payload, it stays as it is.</summary>
    /// <param name="sum">As of <see cref="Decode"/>; of decoded gradients, so that it has no -0 where the kind is top-k.</param>
    /// <exception cref="InvalidDataException">As of <see cref="Decode"/>; the sum is as it was.</exception>
    public void Add(int slice, ReadOnlySpan<byte> payload, Span<float> sum)
    {
        RequireLength(slice, sum);
        if (CanMerge)
        {
            AddSparse(_codecs[slice].Length, payload, sum);
            return;
        }
        var decoded = ArrayPool<float>.Shared.Rent(sum.Length);
        try
        {
            Decode(slice, payload, decoded.AsSpan(0, sum.Length));
            TensorPrimitives.Add(sum, decoded.AsSpan(0, sum.Length), sum);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(decoded);
        }
    }

    /// <summary>The payload of left + right, two neighbours in the tree. Decoding it gives the bits of adding both decoded.</summary>
    /// <param name="sum">At least as long as both together.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="InvalidOperationException">Payloads of this kind cannot be merged.</exception>
    /// <exception cref="InvalidDataException">One of them is no gradient of this slice.</exception>
    /// <exception cref="NotFiniteNumberException">A sum is too large for a float.</exception>
    public int Merge(int slice, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> sum)
    {
        if (!CanMerge)
            throw new InvalidOperationException($"gradients compressed by {plan.Settings.Kind} cannot be merged");
        var written = 0;
        for (var row = 0; row < plan.Rows(slice); row++)
            written += SparseRow.Merge(ref left, ref right, _codecs[slice].Length, sum[written..]);
        RequireEnd(left);
        RequireEnd(right);
        return written;
    }

    /// <summary>Twice over the payload: the first time to see whether it is sound.</summary>
    private static void AddSparse(int length, ReadOnlySpan<byte> payload, Span<float> sum)
    {
        for (var pass = 0; pass < 2; pass++)
        {
            var rest = payload;
            for (var rows = sum; !rows.IsEmpty; rows = rows[length..])
            {
                var reader = new SparseRowReader(rest, length);
                while (reader.Next())
                {
                    if (pass == 1)
                        rows[reader.Index] += reader.Value;
                }
                rest = reader.Rest;
            }
            RequireEnd(rest);
        }
    }

    private void RequireLength(int slice, ReadOnlySpan<float> gradient)
    {
        if (gradient.Length != plan.Slices.GradientLength(plan.Gradient, slice))
            throw new ArgumentException($"slice {slice} has a gradient of {plan.Slices.GradientLength(plan.Gradient, slice)} numbers, not {gradient.Length}", nameof(gradient));
    }

    private static void RequireEnd(ReadOnlySpan<byte> rest)
    {
        if (!rest.IsEmpty)
            throw new InvalidDataException($"a compressed gradient goes on for {rest.Length} bytes behind its end");
    }
}
