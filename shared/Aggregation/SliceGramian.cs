using System.Collections.Immutable;
using DistMtl.Aggregation.Optimizers;

namespace DistMtl.Aggregation;

/// <summary>
/// The part of the Gramian, and of the norm that clipping looks at, that one slice holds: a pass over left and right, which
/// are read only. Each product is added up as <see cref="Gramian"/> does it, over each run of columns that are all frozen or
/// all not, so the bits are a function of the layout and the job alone. Safe for several threads.
/// </summary>
public sealed class SliceGramian(ParameterSlices slices, GradientShape shape, ImmutableArray<ParameterSegment> segments)
{
    private readonly ImmutableArray<(int Start, int End, bool IsFrozen)> _runs = Runs(segments);

    /// <exception cref="ArgumentException">The sum is not of this slice.</exception>
    public GradientProducts Compute(int slice, SliceSum sum)
    {
        sum.Check(slices, shape, slice);
        var (range, products) = (slices[slice], GradientProducts.Zero(shape.Tasks));
        if (!shape.IsPerTask)
            AddRuns(range.Offset, range.Offset, range.End, 1, range.Length, sum, products.Own.AsSpan(0, 1), []);
        else if (range.IsShared)
            AddRuns(range.Offset, range.Offset, range.End, shape.Tasks, range.Length, sum, products.Updated, products.Shared);
        else
        {
            foreach (var (start, length, task) in SlicePiece.Of(shape, range))
                AddRuns(range.Offset, range.Offset + start, range.Offset + start + length, 1, range.Length, sum, products.Own.AsSpan(task, 1), []);
        }
        return products;
    }

    /// <param name="origin">The parameter that the rows begin at.</param>
    /// <param name="start">The first parameter that counts.</param>
    /// <param name="updated">Of what is not frozen.</param>
    /// <param name="all">Empty: what is frozen is not looked at.</param>
    private void AddRuns(int origin, int start, int end, int rows, int rowLength, SliceSum sum, Span<double> updated, Span<double> all)
    {
        Span<double> products = stackalloc double[updated.Length];
        foreach (var run in _runs)
        {
            var (from, to) = (Math.Max(run.Start, start), Math.Min(run.End, end));
            if (from >= to || run.IsFrozen && all.IsEmpty)
                continue;
            products.Clear();
            Gramian.AddProducts(
                sum.Left.Span[(from - origin)..], sum.Right.IsEmpty ? [] : sum.Right.Span[(from - origin)..], rows, rowLength, to - from, products);
            for (var pair = 0; pair < products.Length; pair++)
            {
                if (!run.IsFrozen)
                    updated[pair] += products[pair];
                if (!all.IsEmpty)
                    all[pair] += products[pair];
            }
        }
    }

    /// <summary>Neighbours of one kind in one run: learning rates are nothing to a product.</summary>
    private static ImmutableArray<(int Start, int End, bool IsFrozen)> Runs(ImmutableArray<ParameterSegment> segments)
    {
        var runs = ImmutableArray.CreateBuilder<(int Start, int End, bool IsFrozen)>();
        foreach (var segment in segments)
        {
            if (runs.Count > 0 && runs[^1].IsFrozen == segment.IsFrozen)
                runs[^1] = runs[^1] with { End = segment.End };
            else
                runs.Add((segment.Offset, segment.End, segment.IsFrozen));
        }
        return runs.DrainToImmutable();
    }
}
