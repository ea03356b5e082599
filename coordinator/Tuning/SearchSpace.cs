using System.Globalization;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Tuning;

/// <summary>From points of the unit cube, in which all methods search, to values of the job's keys.</summary>
internal sealed class SearchSpace(IReadOnlyList<SearchParameter> parameters)
{
    /// <summary>Digits that are worth telling apart; a job file of 17 digits is not read by anyone.</summary>
    private const int Digits = 5;

    public IReadOnlyList<SearchParameter> Parameters { get; } = parameters;

    /// <summary>D, the number of parameters.</summary>
    public int Dimensions => Parameters.Count;

    /// <summary>Values as for <c>--set</c>, in the order of the parameters.</summary>
    /// <param name="point_D">Each from 0 to 1.</param>
    public IReadOnlyList<string> Values(IReadOnlyList<double> point_D) => [.. Parameters.Select((parameter, d) => Value(parameter, point_D[d]))];

    /// <summary>A place between the ends, where a number is whole by no luck.</summary>
    private const double Inner = 0.381966;

    /// <summary>The values at both ends of a range and one between them, or all choices.</summary>
    public static IReadOnlyList<string> Extremes(SearchParameter parameter) =>
        parameter.Choices.Count > 0 ? parameter.Choices : [Value(parameter, 0), Value(parameter, Inner), Value(parameter, 1)];

    /// <summary>Choices and whole numbers get equal slices of [0, 1]; a range is linear in the value or in its logarithm.</summary>
    public static string Value(SearchParameter parameter, double u)
    {
        if (parameter.Choices.Count > 0)
            return parameter.Choices[Math.Min((int)(u * parameter.Choices.Count), parameter.Choices.Count - 1)];
        return parameter.Kind == SearchKind.Whole
            ? WholeAt(parameter, u).ToString(CultureInfo.InvariantCulture)
            : RealAt(parameter, u).ToString("R", CultureInfo.InvariantCulture);
    }

    private static long WholeAt(SearchParameter parameter, double u)
    {
        // A slice of its own for both ends: from low - 1/2 to high + 1/2.
        var (low, high) = (parameter.Low - 0.5, parameter.High + 0.5);
        var value = parameter.Scale == SearchScale.Log ? low * Math.Pow(high / low, u) : low + u * (high - low);
        return (long)Math.Clamp(Math.Round(value, MidpointRounding.AwayFromZero), parameter.Low, parameter.High);
    }

    private static double RealAt(SearchParameter parameter, double u)
    {
        var (low, high) = (parameter.Low, parameter.High);
        var value = parameter.Scale == SearchScale.Log ? low * Math.Pow(high / low, u) : low + u * (high - low);
        var rounded = double.Parse(value.ToString("E" + (Digits - 1).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Clamp(rounded, low, high);
    }
}
