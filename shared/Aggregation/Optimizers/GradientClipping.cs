using System.Numerics.Tensors;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>Scales a gradient down whose norm is too large (Pascanu, Mikolov, Bengio 2013, algorithm 1).</summary>
public static class GradientClipping
{
    /// <summary>
    /// g = g maxNorm / |g| where the norm over all that is updated is larger; else nothing changes, not a bit. The norm
    /// is summed in double in a fixed order, so it does not depend on the machine.
    /// </summary>
    /// <param name="segments">Frozen ones count for nothing.</param>
    /// <returns>The norm before.</returns>
    public static double Clip(Span<float> gradients_P, ReadOnlySpan<ParameterSegment> segments, double maxNorm)
    {
        var squares = 0.0;
        foreach (var segment in segments)
        {
            if (!segment.IsFrozen)
                squares += Gramian.Compute(gradients_P.Slice(segment.Offset, segment.Length), 1, segment.Length, [1.0])[0, 0];
        }
        var norm = Math.Sqrt(squares);
        Multiply(gradients_P, Factor(norm, maxNorm));
        return norm;
    }

    /// <summary>What makes a gradient of a larger norm one of <paramref name="maxNorm"/>; 1: it stays.</summary>
    public static float Factor(double norm, double maxNorm) => norm > maxNorm ? (float)(maxNorm / norm) : 1;

    internal static void Multiply(Span<float> gradients_N, float factor)
    {
        if (factor != 1)
            TensorPrimitives.Multiply(gradients_N, factor, gradients_N);
    }
}
