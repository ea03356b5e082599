using System.Globalization;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Parsing;

/// <summary>Cells as numbers, labels and parts; no culture, no exceptions.</summary>
internal static class CellValues
{
    private const int MaxShownChars = 40;

    /// <summary>A number that is finite as a float: any other would spread through every sum it enters.</summary>
    public static bool TryNumber(ReadOnlySpan<char> cell, out double value) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite((float)value);

    public static double Transformed(double value, NumericTransform transform) => transform switch
    {
        NumericTransform.Log1p => Math.CopySign(Math.Log(1 + Math.Abs(value)), value),
        _ => value,
    };

    /// <summary>0, 1, false, true in any case, and numbers equal to 0 or 1 ("1.0").</summary>
    public static bool TryFlag(ReadOnlySpan<char> cell, out double value)
    {
        if (cell is ['0' or '1'])
        {
            value = cell[0] - '0';
            return true;
        }
        if (cell.Equals("true", StringComparison.OrdinalIgnoreCase) || cell.Equals("false", StringComparison.OrdinalIgnoreCase))
        {
            value = cell.Length == "true".Length ? 1 : 0;
            return true;
        }
        return TryNumber(cell, out value) && value is 0 or 1;
    }

    /// <summary>The parts that are not empty, without their outer blanks.</summary>
    public static void SplitTo(List<Range> parts, ReadOnlySpan<char> cell, ReadOnlySpan<char> separator)
    {
        parts.Clear();
        for (var start = 0; start <= cell.Length;)
        {
            var length = cell[start..].IndexOf(separator);
            var end = length < 0 ? cell.Length : start + length;
            var part = cell[start..end];
            var from = start + part.Length - part.TrimStart().Length;
            var to = from + part.Trim().Length;
            if (to > from)
                parts.Add(from..to);
            start = end + separator.Length;
        }
    }

    /// <summary>A cell as it is shown in a message: one line, not too long.</summary>
    public static string Shown(ReadOnlySpan<char> cell)
    {
        var shown = cell.Length > MaxShownChars ? $"{cell[..MaxShownChars]}..." : cell.ToString();
        return $"'{shown.ReplaceLineEndings(" ").Replace(Reading.RowReader.ListSeparator, ' ')}'";
    }
}
