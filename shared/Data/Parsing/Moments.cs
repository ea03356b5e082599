namespace DistMtl.Data.Parsing;

/// <summary>Mean and deviation of a stream of numbers in one pass (Welford 1962), accurate where the mean is large.</summary>
internal struct Moments
{
    private double _squares;

    public long Count { get; private set; }

    public double Mean { get; private set; }

    /// <summary>Of the population; 1 where all numbers are equal or none is there, so that one can divide by it.</summary>
    public readonly double Deviation
    {
        get
        {
            var deviation = Count == 0 ? 0 : Math.Sqrt(_squares / Count);
            // Rounding alone leaves equal numbers about this far apart.
            return deviation > 1e-12 * Math.Max(1e-300, Math.Abs(Mean)) ? deviation : 1;
        }
    }

    public void Add(double value)
    {
        Count++;
        var distance = value - Mean;
        Mean += distance / Count;
        _squares += distance * (value - Mean);
    }
}
