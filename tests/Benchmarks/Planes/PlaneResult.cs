namespace DistMtl.Benchmarks.Planes;

/// <summary>One number and the bar that it has to meet.</summary>
/// <param name="What">What was measured, its unit and the bar's direction in words.</param>
internal sealed record PlaneResult(string What, double Value, double Bar, bool Met)
{
    public static PlaneResult AtLeast(string what, double value, double bar) => new(what, value, bar, value >= bar);

    public static PlaneResult Below(string what, double value, double bar) => new(what, value, bar, value < bar);
}
