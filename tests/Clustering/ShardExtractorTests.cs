using DistMtl.Protocol.Messages;

namespace DistMtl.Clustering.Tests;

public sealed class ShardExtractorTests
{
    private static readonly ShardExtractor s_extractor = new();

    [Fact]
    public void An_entity_is_one_shard_of_one_job_and_shards_of_equal_place_lie_together()
    {
        var first = new StartShard(new ShardId("a", 3, 8), 1, "host", 1);
        var second = new StopShard(new ShardId("b", 3, 8));

        Assert.Equal("a:3/8", s_extractor.EntityId(first));
        Assert.Equal("b:3/8", s_extractor.EntityId(second));
        Assert.Equal("3/8", s_extractor.ShardId(first));
        Assert.Equal(s_extractor.ShardId(first), s_extractor.ShardId(second));
        Assert.Same(first, s_extractor.EntityMessage(first));
    }

    [Theory]
    [InlineData("job")]
    [InlineData("job:with:colons/and/slashes")]
    public void The_shard_follows_from_the_entity_alone(string job)
    {
        var message = new StopShard(new ShardId(job, 7, 12));
        Assert.Equal(s_extractor.ShardId(message), s_extractor.ShardId(s_extractor.EntityId(message)!, message));
    }

    [Fact]
    public void What_is_for_no_shard_has_no_entity()
    {
        var message = new ShardHosted(new ShardId("a", 3, 8), 1, "worker");
        Assert.Null(s_extractor.EntityId(message));
        Assert.Throws<ArgumentException>(() => s_extractor.ShardId(message));
    }
}
