using System.Collections.Immutable;

namespace DistMtl.Coordinator.Display;

/// <summary>
/// One task's loss as a person wants to see it: smoothed, with its course since the run began in a bounded number of
/// points. A value; adding gives a new one.
/// </summary>
internal sealed record LossTrend
{
    private const double Memory = 0.95;
    private const int MaxPoints = 64;

    private double _sum;
    private double _weight;
    private int _stride = 1;
    private int _skipped;

    public static LossTrend Empty { get; } = new();

    /// <summary>An exponential mean, corrected for its start (Kingma, Ba 2015, section 3); null before the first loss.</summary>
    public double? Smoothed => _weight > 0 ? _sum / _weight : null;

    /// <summary>Evenly spaced over the losses seen, oldest first; at most 64.</summary>
    public ImmutableArray<double> Points { get; private init; } = [];

    /// <param name="loss">Null where no row had the label.</param>
    public LossTrend Add(double? loss)
    {
        if (loss is not { } value || !double.IsFinite(value))
            return this;
        var next = this with
        {
            _sum = Memory * _sum + (1 - Memory) * value,
            _weight = Memory * _weight + (1 - Memory),
            _skipped = _skipped + 1,
        };
        return next._skipped < next._stride ? next : next.Sample();
    }

    // When the points are full, every second one goes and the stride doubles.
    private LossTrend Sample()
    {
        var points = Points.Add(Smoothed!.Value);
        return points.Length < MaxPoints
            ? this with { Points = points, _skipped = 0 }
            : this with { Points = [.. points.Where((_, i) => i % 2 == 1)], _skipped = 0, _stride = 2 * _stride };
    }
}
