using System.Collections.Immutable;
using DistMtl.Aggregation;

namespace DistMtl.ParameterServers;

/// <summary>What one server has measured of the gradients of a step, for the coordinator to weigh the tasks by.</summary>
/// <param name="Version">The parameters that the gradients are of.</param>
/// <param name="Slices">Of the slices that the server owns, in their order.</param>
/// <param name="Rows">Of each partition of the table rows (<see cref="RowPartition"/>); empty without sparse tables.</param>
public sealed record StepReport(int Version, ImmutableArray<SliceProducts> Slices, ImmutableArray<GradientProducts> Rows)
{
    /// <summary>
    /// The products over all parameters: slice after slice, then partition after partition, so that neither the number of
    /// servers nor their places leave a trace in the bits.
    /// </summary>
    /// <param name="reports">Of all servers, in their order.</param>
    /// <param name="rowsCount">Whether the tasks are compared over table rows, too, or over the other parameters alone.</param>
    public static GradientProducts Total(IReadOnlyList<StepReport> reports, int tasks, bool rowsCount)
    {
        var total = GradientProducts.Zero(tasks);
        foreach (var slice in reports.SelectMany(report => report.Slices).OrderBy(slice => slice.Slice))
            total += slice.Products;
        for (var partition = 0; partition < reports.Max(report => report.Rows.Length); partition++)
        {
            // A partition belongs to one server; the others' is all zeros.
            foreach (var report in reports)
                total += rowsCount ? report.Rows[partition] : report.Rows[partition] with { Shared = new double[total.Shared.Length] };
        }
        return total;
    }
}

/// <summary>The products over one slice.</summary>
public readonly record struct SliceProducts(int Slice, GradientProducts Products);
