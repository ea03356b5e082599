using DistMtl.Data.Describing;

namespace DistMtl.Data.Tests.Describing;

public sealed class DistinctSketchTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4000)]
    [InlineData(4096)]
    public void Few_values_are_counted_exactly(int values)
    {
        var sketch = Of(values);
        Assert.Equal((values, true), (sketch.Count, sketch.IsExact));
    }

    [Theory]
    [InlineData(4097)]
    [InlineData(60_000)]
    public void Many_values_are_estimated_within_five_percent(int values)
    {
        var sketch = Of(values);
        Assert.False(sketch.IsExact);
        Assert.InRange(sketch.Count, 0.95 * values, 1.05 * values);
    }

    private static DistinctSketch Of(int values)
    {
        var sketch = new DistinctSketch();
        for (var repeat = 0; repeat < 2; repeat++)
        {
            for (var i = 0; i < values; i++)
                sketch.Add($"value {i}");
        }
        return sketch;
    }
}
