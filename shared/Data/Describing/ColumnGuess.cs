namespace DistMtl.Data.Describing;

/// <summary>Guesses what a column is. A guess is there to be corrected by its reader, so the rules are few.</summary>
internal static class ColumnGuess
{
    private const int MaxSmallIntegers = 20;
    private const int MinRowsForId = 50;
    private const double IdShare = 0.95;
    private const double TextLength = 60;
    private const int TopShown = 3;
    private const int MaxForTop = 1000;

    public static ColumnProfile Profile(string name, ColumnStatistics statistics)
    {
        var kind = Kind(name, statistics, out var parts);
        var isOfNumbers = statistics.Present > 0 && statistics.Numbers == statistics.Present;
        var top = statistics.Values.Count > MaxForTop
            ? []
            : statistics.Values.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(TopShown);
        return new ColumnProfile(
            name,
            kind,
            statistics.Present + statistics.Missing,
            statistics.Missing,
            statistics.Distinct,
            statistics.IsDistinctExact,
            [.. top],
            parts?.Separator,
            kind == ColumnKind.Vector ? parts!.MaxParts : 0,
            isOfNumbers ? statistics.Mean : double.NaN,
            isOfNumbers ? statistics.Min : double.NaN,
            isOfNumbers ? statistics.Max : double.NaN);
    }

    /// <summary>Null: not a binary label.</summary>
    public static LabelCandidate? Label(string name, ColumnStatistics statistics)
    {
        if (!IsFlag(statistics, out var missingLabel))
            return null;
        var ones = statistics.Values.Where(pair => IsOne(pair.Key)).Sum(pair => pair.Value);
        var labelled = statistics.Present - (missingLabel is null ? 0 : statistics.Values[missingLabel]);
        return new LabelCandidate(name, null, missingLabel, labelled, (double)ones / labelled);
    }

    private static ColumnKind Kind(string name, ColumnStatistics statistics, out PartStatistics? parts)
    {
        parts = null;
        if (statistics.Distinct <= 1)
            return ColumnKind.Constant;
        if (IsFlag(statistics, out _))
            return ColumnKind.Binary;
        if (SeveralValues(statistics) is { } several)
        {
            parts = several;
            return several.SeveralNumbers == statistics.Split && several.MinParts == several.MaxParts ? ColumnKind.Vector : ColumnKind.Sequence;
        }
        var isId = statistics.Present >= MinRowsForId && statistics.Distinct >= IdShare * statistics.Present;
        if (statistics.Numbers == statistics.Present)
        {
            if (statistics.Integers < statistics.Present)
                return ColumnKind.Numeric;
            if (isId && ColumnWords.IsId(name))
                return ColumnKind.Id;
            return ColumnWords.IsId(name) || statistics.Distinct <= MaxSmallIntegers ? ColumnKind.Categorical : ColumnKind.Numeric;
        }
        if (statistics.MeanLength > TextLength)
            return ColumnKind.Text;
        if (isId)
            return ColumnWords.IsId(name) ? ColumnKind.Id : ColumnKind.Text;
        return ColumnKind.Categorical;
    }

    /// <summary>
    /// Texts hold commas and blanks too, so these separate only numbers; a bar or semicolon in a fifth of the cells is enough.
    /// </summary>
    private static PartStatistics? SeveralValues(ColumnStatistics statistics)
    {
        if (statistics.IsList)
            return statistics.Parts[0];
        return statistics.Parts.FirstOrDefault(parts => parts.Separator is "|" or ";"
            ? parts.Several * 5 >= statistics.Split
            : parts.Several * 2 >= statistics.Split && parts.SeveralNumbers == parts.Several);
    }

    private static bool IsFlag(ColumnStatistics statistics, out string? missingLabel)
    {
        missingLabel = statistics.Values.Keys.FirstOrDefault(value => value is "-1" or "-1.0");
        var unknown = missingLabel;
        var flags = statistics.Values.Keys.Where(value => value != unknown).ToList();
        return flags.Count is >= 2 and <= 4 && flags.All(IsFlagCell) && flags.Any(IsOne) && !flags.All(IsOne);
    }

    private static bool IsFlagCell(string cell) => Parsing.CellValues.TryFlag(cell, out _);

    private static bool IsOne(string cell) => Parsing.CellValues.TryFlag(cell, out var value) && value == 1;
}
