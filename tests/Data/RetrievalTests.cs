using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using static DistMtl.Data.Tests.Fixtures.TestJob;

namespace DistMtl.Data.Tests;

public sealed class RetrievalTests
{
    // a comes thrice, b twice, c once; the positive rows name a, a and b.
    private const string Rows = "age,item,price,click\n1,a,10,1\n2,b,20,0\n3,a,10,1\n4,b,20,1\n5,a,10,\n6,c,30,1\n";

    [Fact]
    public void Only_a_positive_row_says_which_item_was_right()
    {
        using var folder = new TemporaryFolder();

        var rows = Job(folder, minCount: 1).LoadTrain();

        var nan = float.NaN;
        Assert.Equal([1, nan, 1, 1, nan, 1], rows.Labels_BT);
    }

    [Fact]
    public void An_item_that_is_too_rare_for_the_vocabulary_is_not_learnt()
    {
        using var folder = new TemporaryFolder();

        var rows = Job(folder, minCount: 2).LoadTrain();

        var nan = float.NaN;
        Assert.Equal([1, nan, 1, 1, nan, nan], rows.Labels_BT);
    }

    [Fact]
    public void An_unknown_item_of_another_split_is_a_miss_that_counts()
    {
        using var folder = new TemporaryFolder();
        var job = Job(folder, minCount: 1).WithData(data => data with { Test = folder.Write("test.csv", "age,item,price,click\n1,z,10,1\n2,z,10,0\n") });

        var rows = job.Load(job.Fit().Schema)[0].Test;

        Assert.Equal([1, float.NaN], rows.Labels_BT);
        Assert.Equal([0, 0], rows.Ids_BC);
    }

    [Fact]
    public void Shares_are_counted_over_the_positive_training_rows()
    {
        using var folder = new TemporaryFolder();

        var schema = Job(folder, minCount: 1).Fit().Schema;
        var retrieval = DataSchema.FromJson(schema.ToJson()).ToModelInputs(EmbeddingSettings.Default).Tasks[0].Retrieval!;

        Assert.Equal([0, 2 / 4.0, 1 / 4.0, 1 / 4.0], schema.Tasks[0].ItemRates!);
        Assert.Equal([Math.Log(0.5), Math.Log(0.25), Math.Log(0.25)], retrieval.LogQ!.Skip(1).Select(value => (double)value), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal((0, 0), (retrieval.Table, retrieval.Column));
        Assert.Equal([0], retrieval.HiddenCategoricals);
        Assert.Equal([1], retrieval.HiddenDense);
    }

    [Fact]
    public void A_job_whose_items_training_never_names_is_refused()
    {
        using var folder = new TemporaryFolder();
        var job = Job(folder, minCount: 9);

        var error = Assert.Throws<JobException>(job.Fit);

        Assert.Equal("task 'click': no positive training row names an item in feature 'item'", error.Message);
    }

    private static JobFile Job(TemporaryFolder folder, int minCount) => Of(
        folder.Write("rows.csv", Rows),
        [Numeric("age"), Categorical("item", minCount: minCount), Numeric("price")],
        [
            new TaskSettings("click", TaskKind.Retrieval, "click", null, [])
            {
                Retrieval = new RetrievalSettings("item", ["price"], 0.1, SamplingCorrection.LogQ),
            },
        ]);
}
