namespace DistMtl.Protocol.Tests;

/// <summary>Golden values: another one would place rows in other shards and make every old run irreproducible.</summary>
public sealed class StableHashTests
{
    [Theory]
    [InlineData("", 0, 0x2D06800538D394C2)] // XxHash3's published value for no bytes
    [InlineData("user-1", 0, 8968379626967066057)]
    [InlineData("日本", 7, 13532084939124770983)]
    public void The_hash_of_a_text_never_changes(string text, long salt, ulong expected) =>
        Assert.Equal(expected, StableHash.Of(text, salt));

    [Fact]
    public void The_mix_of_numbers_never_changes() => Assert.Equal(15065567241457007487UL, StableHash.Mix(7, 0, 42));

    [Fact]
    public void A_text_longer_than_the_stack_buffer_hashes_as_its_bytes_do()
    {
        var text = new string('ä', 5000);
        Assert.Equal(System.IO.Hashing.XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(text)), StableHash.Of(text));
    }

    [Fact]
    public void Mixing_tells_the_order_of_its_parts_apart()
    {
        Assert.NotEqual(StableHash.Mix(1, 2), StableHash.Mix(2, 1));
        Assert.NotEqual(StableHash.Mix(1), StableHash.Mix(1, 0));
    }
}
