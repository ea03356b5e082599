namespace DistMtl.Benchmarks.Reporting;

/// <summary>Samples per second by contestant and round.</summary>
/// <param name="unavailable">Why some contestants have none; null where all have.</param>
internal sealed class Results(string? unavailable)
{
    private readonly Dictionary<string, List<double>> _speeds = [];

    public string? Unavailable => unavailable;

    /// <summary>In the order of a round.</summary>
    public IEnumerable<string> Contestants => _speeds.Keys;

    /// <param name="samplesPerSecond">Null: not available.</param>
    public void Add(string contestant, double? samplesPerSecond)
    {
        if (!_speeds.TryGetValue(contestant, out var speeds))
            _speeds[contestant] = speeds = [];
        if (samplesPerSecond is { } speed)
            speeds.Add(speed);
    }

    public Spread? Of(string contestant) => Spread.Of(_speeds[contestant]);

    /// <summary>Each round gives one ratio, of two measurements that are seconds apart.</summary>
    public Spread? Of(Ratio ratio) =>
        Spread.Of([.. _speeds[ratio.Numerator].Zip(_speeds[ratio.Denominator], (numerator, denominator) => numerator / denominator)]);
}
