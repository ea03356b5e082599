namespace DistMtl.Aggregation;

/// <summary>
/// The gradient of one slice as the reduction tree leaves it: the root's two children, whose sum left + right is never
/// written. Laid out as <see cref="ParameterSlices.Segments"/> says.
/// </summary>
/// <param name="Right">Empty: there is one child only.</param>
public readonly record struct SliceSum(ReadOnlyMemory<float> Left, ReadOnlyMemory<float> Right = default)
{
    /// <exception cref="ArgumentException">It is no gradient of this slice.</exception>
    internal void Check(ParameterSlices slices, GradientShape shape, int slice)
    {
        var length = slices.GradientLength(shape, slice);
        if (Left.Length != length || !Right.IsEmpty && Right.Length != length)
            throw new ArgumentException($"the gradient of slice {slice} has {length} elements, not {Left.Length} and {Right.Length}");
    }
}
