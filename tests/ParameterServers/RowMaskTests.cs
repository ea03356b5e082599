using CsCheck;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers.Tests;

public sealed class RowMaskTests
{
    private static readonly Gen<RowLists> Rows = Gen.Int[0, 99].Array[0, 70].Select(rows => RowLists.Distinct(rows)).Array[3].Select(lists => new RowLists([.. lists]));

    [Fact]
    public void A_mask_holds_the_rows_that_are_not_among_the_others() => Gen.Select(Rows, Rows).Sample((rows, others) =>
    {
        var mask = RowMask.Without(rows, others);
        Assert.Equal(rows.Lists.Zip(others.Lists, (own, other) => own.Except(other)), mask.Select(isIn: true).Rows.Lists);
        Assert.Equal(rows.Lists.Zip(others.Lists, (own, other) => own.Intersect(other)), mask.Select(isIn: false).Rows.Lists);
    });

    [Fact]
    public void Places_are_those_of_the_chosen_rows_in_their_lists() => Gen.Select(Rows, Rows, Gen.Bool).Sample((rows, others, isIn) =>
    {
        var (chosen, places) = RowMask.Without(rows, others).Select(isIn);
        for (var list = 0; list < rows.Lists.Length; list++)
            Assert.Equal(chosen.Lists[list], places[list].Select(place => rows.Lists[list][place]));
    });

    [Fact]
    public void What_is_read_is_what_was_written() => Gen.Select(Rows, Rows).Sample((rows, others) =>
    {
        var mask = RowMask.Without(rows, others);
        Assert.Equal(RowMask.LengthOf(rows), mask.Bytes.Length);
        Assert.Equal(0, mask.Bytes.Length % sizeof(float));
        Assert.Equal(mask.Select(isIn: true).Rows.Lists, RowMask.Read(rows, [.. mask.Bytes, 1, 2, 3, 4]).Select(isIn: true).Rows.Lists);
    });
}
