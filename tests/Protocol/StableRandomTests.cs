namespace DistMtl.Protocol.Tests;

public sealed class StableRandomTests
{
    [Fact]
    public void The_numbers_are_those_of_SplitMix64()
    {
        // The published sequence of seed 1234567 (Vigna's splitmix64.c).
        var random = new StableRandom(1234567);
        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], [random.NextUInt64(), random.NextUInt64(), random.NextUInt64()]);
    }

    [Fact]
    public void A_permutation_holds_every_number_once()
    {
        var order = new StableRandom(5).Permutation(1000);
        Assert.Equal(Enumerable.Range(0, 1000), order.Order());
        Assert.NotEqual(Enumerable.Range(0, 1000), order);
    }

    [Fact]
    public void Normal_numbers_have_mean_zero_and_deviation_one()
    {
        var random = new StableRandom(9);
        var numbers = Enumerable.Range(0, 100_000).Select(_ => random.NextNormal()).ToList();
        Assert.Equal(0, numbers.Average(), 0.02);
        Assert.Equal(1, numbers.Average(x => x * x), 0.02);
    }

    [Fact]
    public void Numbers_below_a_bound_are_uniform()
    {
        var random = new StableRandom(11);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
            counts[random.Next(7)]++;
        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }
}
