using CsCheck;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class NearestNameTests
{
    private static readonly string[] Keys = ["architecture", "experts", "expert", "bottom", "tower", "dropout", "batchSize"];

    [Theory]
    [InlineData("experst", "experts")]
    [InlineData("exprt", "expert")]
    [InlineData("batch_size", "batchSize")]
    [InlineData("BATCHSIZE", "batchSize")]
    [InlineData("drop-out", "dropout")]
    [InlineData("archtecure", "architecture")]
    [InlineData("towre", "tower")]
    [InlineData("layers", null)]
    [InlineData("x", null)]
    public void A_slip_finds_the_name_that_was_meant(string name, string? meant) =>
        Assert.Equal(meant, NearestName.Find(name, Keys));

    [Fact]
    public void Where_none_is_near_the_known_names_are_listed()
    {
        Assert.Equal("; did you mean 'tower'?", NearestName.Hint("towr", ["tower", "bottom"]));
        Assert.Equal("; known: tower, bottom", NearestName.Hint("layers", ["tower", "bottom"]));
        Assert.Equal("", NearestName.Hint("layers", []));
    }

    [Fact]
    public void Any_one_slip_in_a_long_word_is_found() =>
        Gen.Select(Gen.Int[0, 10], Gen.Int[0, 3], Gen.Char['a', 'z']).Sample((at, kind, letter) =>
        {
            const string Word = "architecture";
            var slip = kind switch
            {
                0 => Word.Remove(at, 1),
                1 => Word.Insert(at, $"{letter}"),
                2 => $"{Word[..at]}{letter}{Word[(at + 1)..]}",
                _ => $"{Word[..at]}{Word[at + 1]}{Word[at]}{Word[(at + 2)..]}",
            };

            Assert.Equal(Word, NearestName.Find(slip, Keys));
        }, iter: 500);
}
