using System.Globalization;

namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>The numbers that a key may have, in words too.</summary>
internal readonly record struct NumberRange(double Low, bool LowIsIn, double High, bool HighIsIn)
{
    public static NumberRange Any { get; } = new(double.NegativeInfinity, false, double.PositiveInfinity, false);

    public static NumberRange Positive { get; } = new(0, false, double.PositiveInfinity, false);

    public static NumberRange AtLeast(double low) => new(low, true, double.PositiveInfinity, false);

    public static NumberRange Between(double low, double high) => new(low, true, high, true);

    /// <summary>From 0, which is in, to 1, which is not.</summary>
    public static NumberRange BelowOne { get; } = new(0, true, 1, false);

    /// <summary>Between 0 and 1, both not in.</summary>
    public static NumberRange OpenUnit { get; } = new(0, false, 1, false);

    public bool Contains(double value) =>
        (LowIsIn ? value >= Low : value > Low) && (HighIsIn ? value <= High : value < High);

    public override string ToString()
    {
        var low = Low.ToString(CultureInfo.InvariantCulture);
        var high = High.ToString(CultureInfo.InvariantCulture);
        return (double.IsInfinity(Low), double.IsInfinity(High)) switch
        {
            (true, true) => "any number",
            (false, true) => LowIsIn ? $"{low} or more" : $"above {low}",
            (true, false) => HighIsIn ? $"{high} or less" : $"below {high}",
            _ when LowIsIn && HighIsIn => $"from {low} to {high}",
            _ => $"{(LowIsIn ? "at least" : "above")} {low} and {(HighIsIn ? "at most" : "below")} {high}",
        };
    }
}
