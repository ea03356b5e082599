using DistMtl.Benchmarks.Contestants;
using DistMtl.Benchmarks.Reporting;

namespace DistMtl.Benchmarks.Bars;

/// <summary>
/// Speeds over speeds. Contestants take turns; each round gives one ratio, of measurements that are seconds apart, for the
/// machine's speed changes from minute to minute; the median over the rounds counts.
/// </summary>
internal abstract class RatioMeasurement : IMeasurement
{
    public IReadOnlyList<Bar> Bars => [.. Ratios.Select(ratio => ratio.Bar)];

    public bool IsLong => true;

    protected abstract IReadOnlyList<Ratio> Ratios { get; }

    public async Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        var ratios = Ratios.Where(ratio => wanted.Contains(ratio.Bar)).ToList();
        var needed = ratios.SelectMany(ratio => new[] { ratio.Numerator, ratio.Denominator }).ToHashSet();
        var contestants = (await ContestantsAsync(conditions)).Where(contestant => needed.Contains(contestant.Name)).ToList();
        var rounds = new List<Dictionary<string, double>>();
        for (var round = 1; round <= conditions.Rounds; round++)
        {
            var speeds = new Dictionary<string, double>();
            rounds.Add(speeds);
            foreach (var contestant in contestants)
            {
                if (await contestant.RunAsync(conditions.Steps, conditions.Steps, conditions.Cancellation) is not { } speed)
                    continue;
                speeds[contestant.Name] = speed;
                conditions.Log(FormattableString.Invariant($"round {round} of {conditions.Rounds}: {contestant.Name}: {speed:N0} samples/s"));
            }
        }
        return ratios.ToDictionary(ratio => ratio.Bar, ratio => Spread.Of([.. rounds
            .Where(speeds => speeds.ContainsKey(ratio.Numerator) && speeds.ContainsKey(ratio.Denominator))
            .Select(speeds => speeds[ratio.Numerator] / speeds[ratio.Denominator])])?.Median);
    }

    /// <summary>Everyone, in the order of one round: those that are compared stand side by side.</summary>
    protected abstract Task<IReadOnlyList<IContestant>> ContestantsAsync(Conditions conditions);
}

/// <summary>Samples per second of one contestant over another's. Time is the inverse of speed: there they change places.</summary>
internal sealed record Ratio(Bar Bar, string Numerator, string Denominator)
{
    public static Ratio OfSpeeds(string numerator, string denominator, double limit) =>
        new(new Bar($"{numerator} / {denominator}, samples per second", BarSide.AtLeast, limit), numerator, denominator);

    public static Ratio OfTimes(string numerator, string denominator, double limit) =>
        new(new Bar($"{numerator} / {denominator}, step time", BarSide.AtMost, limit), denominator, numerator);
}
