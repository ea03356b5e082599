using System.Collections.Immutable;
using DistMtl.Aggregation;

namespace DistMtl.ParameterServers;

/// <summary>What one server has measured of the gradients of a step, for the coordinator to weigh the tasks by.</summary>
/// <param name="Version">The parameters that the gradients are of.</param>
/// <param name="Slices">Of the slices that the server owns, in their order.</param>
/// <param name="Rows">Of each partition of the table rows (<see cref="RowPartition"/>); empty without sparse tables, and where rows are not there yet.</param>
public sealed record StepReport(int Version, ImmutableArray<SliceProducts> Slices, ImmutableArray<GradientProducts> Rows)
{
    /// <summary>
    /// The products over all parameters: slice after slice, then partition after partition, so that neither the number of
    /// servers nor their places leave a trace in the bits.
    /// </summary>
    /// <param name="reports">Of all servers, in their order.</param>
    public static GradientProducts Total(IReadOnlyList<StepReport> reports, int tasks)
    {
        var total = GradientProducts.Zero(tasks);
        foreach (var slice in reports.SelectMany(report => report.Slices).OrderBy(slice => slice.Slice))
            total += slice.Products;
        for (var partition = 0; partition < reports.Max(report => report.Rows.Length); partition++)
        {
            // A partition belongs to one server; the others' is all zeros.
            foreach (var report in reports)
                total += report.Rows[partition];
        }
        return total;
    }

    /// <summary>
    /// The norm of the whole update over all that is not frozen (<see cref="GradientProducts.Norm"/>): of what the servers
    /// combine, and of the rows that the workers have combined.
    /// </summary>
    /// <param name="reports">As of <see cref="Total"/>.</param>
    /// <param name="rows">Of rows that were held, of all servers in their order; empty: there are none.</param>
    /// <param name="coefficients">That the servers combine by; null: the gradient is combined already.</param>
    public static double Norm(IReadOnlyList<StepReport> reports, IReadOnlyList<StepReport> rows, int tasks, TaskCoefficients? coefficients)
    {
        var norm = Total(reports, tasks).Norm(coefficients);
        if (rows.Count == 0)
            return norm;
        var ofRows = Total(rows, tasks).Norm(null);
        return Math.Sqrt(norm * norm + ofRows * ofRows);
    }
}

/// <summary>The products over one slice.</summary>
public readonly record struct SliceProducts(int Slice, GradientProducts Products);
