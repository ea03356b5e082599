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
}
