using System.Globalization;
using DistMtl.Data.Parsing;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data;

/// <summary>A row that can't be read.</summary>
/// <param name="Line">From 1: the line on which the row begins; in a Parquet file the row.</param>
/// <param name="Cell">From 1: the cell within the row.</param>
public readonly record struct BadRow(string File, long Line, int Cell, string Message)
{
    public override string ToString() => FormattableString.Invariant($"{File}:{Line}:{Cell}: {Message}");
}

/// <summary>How many rows of a job's files can't be read, and what is wrong with the first few.</summary>
/// <param name="Rows">All rows, the bad ones included.</param>
/// <param name="Bad">Rows left out.</param>
/// <param name="First">At most <see cref="MaxShown"/>.</param>
public sealed record BadRowReport(long Rows, long Bad, IReadOnlyList<BadRow> First)
{
    public const int MaxShown = 5;

    public static readonly BadRowReport None = new(0, 0, []);

    public double Rate => Rows == 0 ? 0 : (double)Bad / Rows;

    /// <summary>Counts the rows of a job's splits that can't be read, without learning anything of them.</summary>
    /// <exception cref="JobException">A file can't be read.</exception>
    public static BadRowReport Of(JobFile job, IReadOnlySet<Split> splits, CancellationToken cancellation)
    {
        var bad = new BadRowCounter();
        foreach (var _ in JobRows.Read(job, splits, _ => true, bad, cancellation))
        {
            // The counter has seen it.
        }
        return bad.ToReport();
    }

    /// <exception cref="JobException">More rows are bad than <paramref name="maxRate"/> (0 to 1) allows.</exception>
    public void Check(double maxRate)
    {
        if (Rate <= maxRate)
            return;
        var more = Bad > First.Count ? $"; and {Bad - First.Count} more" : "";
        throw new JobException(string.Create(CultureInfo.InvariantCulture,
            $"{Bad} of {Rows} rows can't be read ({Rate:P2}), data.maxBadRows allows {maxRate:P2}: {string.Join("; ", First)}{more}"));
    }
}
