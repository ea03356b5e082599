using CsCheck;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.Data.Tests;

/// <summary>A table whose row numbers take three digits of the sort, one that a sequence shares, and one that is not sparse.</summary>
public sealed class TouchedRowsTests
{
    private const int ManyRows = 3_000_000;

    private static readonly ModelInputs Inputs = new(
        DenseWidth: 0,
        Tables: [new("user", ManyRows, 4) { IsSparse = true }, new("city", 5, 4), new("item", 300, 4) { IsSparse = true }],
        Lookups: [new("user", 0, false), new("city", 1, false), new("item", 2, false), new("history", 2, true)],
        Tasks: [new("click", TaskKind.Binary, 1, 0)]);

    private static readonly Gen<EncodedRows> Batch =
        from ids in Gen.Select(Gen.Int[0, ManyRows - 1], Gen.Int[0, 4], Gen.Int[0, 299], (user, city, item) => new[] { user, city, item }).Array[0, 30]
        from histories in Gen.Int[0, 299].Array[0, 4].Array[ids.Length]
        select new EncodedRows
        {
            Count = ids.Length,
            DenseWidth = 0,
            Dense_BD = [],
            CategoricalCount = 3,
            Ids_BC = [.. ids.SelectMany(row => row)],
            Sequences = [new SequenceColumn([.. histories.SelectMany(history => history)], [0, .. histories.Select((_, b) => histories.Take(b + 1).Sum(history => history.Length))])],
            TaskCount = 1,
            Labels_BT = new float[ids.Length],
        };

    [Fact]
    public void Places_in_the_touched_rows_lead_back_to_the_ids() => Batch.Array[1, 4].Sample(batches =>
    {
        var (touched, local) = new TouchedRows(Inputs).Localize(batches);
        Assert.Equal(batches.Length, local.Length);
        for (var i = 0; i < batches.Length; i++)
        {
            for (var b = 0; b < batches[i].Count; b++)
            {
                var (ids, places) = (batches[i].Ids_BC[(b * 3)..(b * 3 + 3)], local[i].Ids_BC[(b * 3)..(b * 3 + 3)]);
                Assert.Equal(ids[0], touched.Lists[0][places[0]]);
                Assert.Equal(ids[1], places[1]);
                Assert.Equal(ids[2], touched.Lists[1][places[2]]);
            }
            Assert.Equal(batches[i].Sequences[0].Values, local[i].Sequences[0].Values.Select(place => touched.Lists[1][place]));
        }
    });

    [Fact]
    public void Touched_rows_are_all_ids_of_all_batches_once_and_ascending() => Batch.Array[1, 4].Sample(batches =>
    {
        var (touched, _) = new TouchedRows(Inputs).Localize(batches);
        Assert.Equal(2, touched.Lists.Length);
        Assert.Equal(batches.SelectMany(batch => batch.Ids_BC.Where((_, i) => i % 3 == 0)).Distinct().Order(), touched.Lists[0]);
        Assert.Equal(
            batches.SelectMany(batch => batch.Ids_BC.Where((_, i) => i % 3 == 2).Concat(batch.Sequences[0].Values)).Distinct().Order(),
            touched.Lists[1]);
    });

    [Fact]
    public void The_batches_themselves_stay_as_they_are() => Batch.Sample(batch =>
    {
        var (ids_BC, values) = (batch.Ids_BC.ToArray(), batch.Sequences[0].Values.ToArray());
        new TouchedRows(Inputs).Localize([batch]);
        Assert.Equal(ids_BC, batch.Ids_BC);
        Assert.Equal(values, batch.Sequences[0].Values);
    });
}
