namespace DistMtl.Aggregation.Tests;

public sealed class SliceThreadsTests
{
    [Theory]
    [InlineData(0, null)]
    [InlineData(4, 3)]
    [InlineData(100, 1)]
    [InlineData(100, 3)]
    [InlineData(100, null)]
    public void Every_slice_comes_exactly_once(int count, int? threads)
    {
        var seen = new int[count];
        SliceThreads.ForEach(count, slice => Interlocked.Increment(ref seen[slice]), threads);
        Assert.All(seen, times => Assert.Equal(1, times));
    }
}
