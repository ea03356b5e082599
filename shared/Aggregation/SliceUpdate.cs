using System.Numerics.Tensors;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation;

/// <summary>
/// The update of a slice in one pass over memory: left + right, combined over the tasks, clipped, and put through the
/// optimiser, a block at a time, so that what lies between never leaves the core's cache. The bits are those of
/// <see cref="PartialSum.Add"/>, <see cref="GradientCombiner.Combine"/>, <see cref="GradientClipping"/> and
/// <see cref="Optimizer.Step"/> one after another.
/// </summary>
/// <param name="optimizer">Over the parameters from <paramref name="origin"/> on; <see cref="Optimizer.BeginStep"/> is the caller's.</param>
/// <param name="origin">The first parameter that the optimiser has: a server's first slice may begin behind 0.</param>
public sealed class SliceUpdate(ParameterSlices slices, GradientShape shape, Optimizer optimizer, int origin = 0)
{
    /// <summary>16 KiB of update: with as much of the other arrays still in the second-level cache.</summary>
    private const int BlockLength = 4096;

    /// <summary>Updates one slice; several threads may update different ones.</summary>
    /// <param name="coefficients">Of the tasks; null: the gradient is combined already.</param>
    /// <param name="clip">What <see cref="GradientClipping.Factor"/> says of the whole gradient; 1: nothing is clipped.</param>
    /// <param name="parameters_N">All that the optimiser has; only the slice is touched.</param>
    /// <exception cref="ArgumentException">The sum is not of this slice, or the coefficients do not fit the shape.</exception>
    public void Apply(int slice, SliceSum sum, TaskCoefficients? coefficients, float clip, Span<float> parameters_N)
    {
        sum.Check(slices, shape, slice);
        if (coefficients is null == shape.IsPerTask || coefficients is not null && coefficients.Tasks != shape.Tasks)
            throw new ArgumentException(
                shape.IsPerTask ? $"{shape.Tasks} tasks need as many coefficients, not {coefficients?.Tasks ?? 0}" : "a combined gradient has no coefficients",
                nameof(coefficients));

        var range = slices[slice];
        var left = sum.Left.Span;
        var right = sum.Right.Span;
        var parameters = parameters_N.Slice(range.Offset - origin, range.Length);
        if (coefficients is null)
            Update(range.Offset - origin, left, right, [0], null, clip, parameters);
        else if (range.IsShared)
        {
            int[] starts = [.. coefficients.Present.Select(task => task * range.Length)];
            Update(range.Offset - origin, left, right, starts, coefficients.Shared, clip, parameters);
        }
        else
        {
            foreach (var (start, length, task) in SlicePiece.Of(shape, range))
            {
                var (starts, weights) = coefficients.Own(task) is { } weight ? (new[] { 0 }, new[] { weight }) : ([], []);
                Update(
                    range.Offset - origin + start, left[start..], right.IsEmpty ? right : right[start..],
                    starts, weights, clip, parameters.Slice(start, length));
            }
        }
    }

    /// <param name="weights">Of the rows at <paramref name="starts"/>; null: the one row is the update.</param>
    private void Update(
        int offset, ReadOnlySpan<float> left, ReadOnlySpan<float> right, int[] starts, double[]? weights, float clip, Span<float> parameters)
    {
        Span<float> block_B = stackalloc float[BlockLength];
        for (var start = 0; start < parameters.Length; start += BlockLength)
        {
            var update_B = block_B[..Math.Min(BlockLength, parameters.Length - start)];
            var lefts = left[start..];
            var rights = right.IsEmpty ? right : right[start..];
            if (weights is not null)
                GradientCombiner.AddRows(lefts, rights, starts, weights, update_B);
            else if (right.IsEmpty)
                lefts[..update_B.Length].CopyTo(update_B);
            else
                TensorPrimitives.Add(lefts[..update_B.Length], rights[..update_B.Length], update_B);
            GradientClipping.Multiply(update_B, clip);
            optimizer.StepRange(offset + start, parameters.Slice(start, update_B.Length), update_B);
        }
    }
}
