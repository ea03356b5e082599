namespace DistMtl.Benchmarks.Bars;

/// <summary>On which side of its bar a value must lie.</summary>
internal enum BarSide
{
    AtLeast,
    AtMost,
    Below,
}

/// <summary>What is measured, its unit in words, and what it must reach.</summary>
internal sealed record Bar(string What, BarSide Side, double Limit)
{
    /// <param name="value">Null: it could not be measured here.</param>
    public BarResult With(double? value) => new(What, value, Limit, value is { } number ? IsMet(number) : null) { Side = Side };

    private bool IsMet(double value) => Side switch
    {
        BarSide.AtLeast => value >= Limit,
        BarSide.AtMost => value <= Limit,
        _ => value < Limit,
    };
}
