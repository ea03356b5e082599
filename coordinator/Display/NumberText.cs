using System.Globalization;

namespace DistMtl.Coordinator.Display;

/// <summary>How the displays and the report write numbers, durations and names.</summary>
internal static class NumberText
{
    /// <summary>What stands for an undefined number.</summary>
    public const string Undefined = "-";

    /// <summary>A loss: three digits after the point while it is small.</summary>
    public static string Loss(double? value) => Number(value, 3);

    /// <summary>A metric: four digits after the point while it is small.</summary>
    public static string Metric(double? value) => Number(value, 4);

    /// <summary>A whole number with its thousands apart.</summary>
    public static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Weight(double value) => value.ToString(Math.Abs(value) < 100 ? "0.00" : "0.0e+0", CultureInfo.InvariantCulture);

    public static string Duration(double seconds)
    {
        var whole = (long)Math.Max(0, Math.Round(seconds));
        return whole switch
        {
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{whole} s"),
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{whole / 60} min {whole % 60:00} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{whole / 3600:N0} h {whole / 60 % 60:00} min"),
        };
    }

    /// <summary>"1 worker", "2 workers".</summary>
    public static string Plural(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>Takes letters out of the middle: names of related tasks differ at their ends.</summary>
    public static string Shorten(string name, int length)
    {
        if (name.Length <= length)
            return name;
        var tail = (length - 1) / 2;
        return string.Concat(name.AsSpan(0, length - 1 - tail), "…", name.AsSpan(name.Length - tail));
    }

    private static string Number(double? value, int digits)
    {
        if (value is not { } number || !double.IsFinite(number))
            return Undefined;
        var size = Math.Abs(number);
        var format = size switch
        {
            0 => $"F{digits}",
            >= 1e6 or < 1e-3 => "0.0e+0",
            >= 1000 => "N0",
            >= 100 => $"F{digits - 2}",
            >= 10 => $"F{digits - 1}",
            _ => $"F{digits}",
        };
        return number.ToString(format, CultureInfo.InvariantCulture);
    }
}
