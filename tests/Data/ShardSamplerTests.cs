using CsCheck;

namespace DistMtl.Data.Tests;

public sealed class ShardSamplerTests
{
    [Fact]
    public void Every_row_comes_exactly_once_per_epoch()
    {
        Gen.Select(Gen.ULong, Gen.Int[0, 5], Gen.Int[0, 300], Gen.Int[1, 60]).Sample((seed, epoch, rows, steps) =>
        {
            var seen = Enumerable.Range(0, steps).SelectMany(step => ShardSampler.Rows(seed, epoch, 3, step, steps, rows)).ToList();
            Assert.Equal(Enumerable.Range(0, rows), seen.Order());
        });
    }

    [Fact]
    public void Micro_batches_of_a_shard_differ_by_one_row_at_most()
    {
        Gen.Select(Gen.Int[0, 300], Gen.Int[1, 60]).Sample((rows, steps) =>
        {
            var sizes = Enumerable.Range(0, steps).Select(step => ShardSampler.Rows(1, 0, 0, step, steps, rows).Length).ToList();
            Assert.InRange(sizes.Max() - sizes.Min(), 0, 1);
        });
    }

    [Fact]
    public void A_cursor_gives_the_same_rows_in_whatever_order_it_is_asked()
    {
        var cursor = new ShardCursor(seed: 9, shard: 2, shardRows: 101);
        foreach (var (epoch, step) in new[] { (0, 0), (0, 1), (1, 6), (0, 3), (1, 0), (1, 1) })
            Assert.Equal(ShardSampler.Rows(9, epoch, 2, step, 7, 101), cursor.Rows(epoch, step, 7).ToArray());
    }

    [Fact]
    public void Epochs_shards_and_seeds_have_orders_of_their_own()
    {
        int[][] orders = [Order(1, 0, 0), Order(1, 1, 0), Order(1, 0, 1), Order(2, 0, 0)];
        Assert.Equal(4, orders.Select(order => string.Join(',', order)).Distinct().Count());

        static int[] Order(ulong seed, int epoch, int shard) => ShardSampler.Rows(seed, epoch, shard, 0, 1, 50);
    }

    [Fact]
    public void The_order_is_the_one_it_always_was()
    {
        Assert.Equal([6, 7, 2, 3, 0, 5, 4, 1], ShardSampler.Rows(7, 1, 2, 0, 1, 8));
    }

    [Theory]
    [InlineData(1024, 1)]
    [InlineData(100, 3)]
    [InlineData(250, 1)]
    [InlineData(249, 2)]
    public void Steps_of_an_epoch_are_all_rows_over_the_batch_size_rounded_up(int batchSize, int steps)
    {
        Assert.Equal(steps, ShardSampler.StepsPerEpoch([100, 0, 150], batchSize));
        Assert.Equal(1, ShardSampler.StepsPerEpoch([0], batchSize));
    }
}
