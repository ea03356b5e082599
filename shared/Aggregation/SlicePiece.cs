namespace DistMtl.Aggregation;

/// <summary>A range of a slice that is one task's own.</summary>
/// <param name="Start">From the slice's beginning.</param>
internal readonly record struct SlicePiece(int Start, int Length, int Task)
{
    /// <summary>The pieces of a slice among the tasks' own parameters, one behind the other; they cover it.</summary>
    public static IEnumerable<SlicePiece> Of(GradientShape shape, ParameterSlice slice)
    {
        for (var task = 0; task < shape.Tasks; task++)
        {
            var own = shape.OwnParameters(task);
            var (start, end) = (Math.Max(own.Start.Value, slice.Offset), Math.Min(own.End.Value, slice.End));
            if (start < end)
                yield return new SlicePiece(start - slice.Offset, end - start, task);
        }
    }
}
