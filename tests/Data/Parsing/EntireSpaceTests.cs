using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol.Jobs;
using static DistMtl.Data.Tests.Fixtures.TestJob;

namespace DistMtl.Data.Tests.Parsing;

public sealed class EntireSpaceTests
{
    private const string Rows = "age,click,buy,pay\n1,0,,\n2,1,0,\n3,1,1,1\n4,1,,\n5,,1,1\n6,0,1,1\n";

    [Fact]
    public void Esmm_knows_that_nothing_comes_after_what_did_not_happen()
    {
        using var folder = new TemporaryFolder();

        var labels_BT = Job(folder, Architecture.Esmm).LoadTrain().Labels_BT;

        var nan = float.NaN;
        Assert.Equal([0, 0, 0, 1, 0, 0, 1, 1, 1, 1, nan, nan, nan, nan, nan, 0, 0, 0], labels_BT);
    }

    [Fact]
    public void Other_architectures_take_labels_as_they_are()
    {
        using var folder = new TemporaryFolder();

        var labels_BT = Job(folder, Architecture.Mmoe).LoadTrain().Labels_BT;

        var nan = float.NaN;
        Assert.Equal([0, nan, nan, 1, 0, nan, 1, 1, 1, 1, nan, nan, nan, 1, 1, 0, 1, 1], labels_BT);
    }

    [Fact]
    public void The_training_rates_are_those_of_the_labels_in_the_file()
    {
        using var folder = new TemporaryFolder();

        var schema = Job(folder, Architecture.Esmm).Fit().Schema;

        Assert.Equal([3 / 5.0, 3 / 4.0, 1], schema.Tasks.Select(task => task.Mean));
        // The last row was bought without a click, so that labels are not conditional on clicks.
        Assert.All(schema.Tasks.Take(2), task => Assert.False(task.IsConditional));
        Assert.Equal([0, 1], schema.ToModelInputs(EmbeddingSettings.Default).Tasks[2].After.Concat(schema.ToModelInputs(EmbeddingSettings.Default).Tasks[1].After).Order());
    }

    [Fact]
    public void Labels_that_exist_after_a_click_alone_are_measured_there_alone()
    {
        using var folder = new TemporaryFolder();
        var job = Job(folder, Architecture.Esmm, "age,click,buy,pay\n1,0,,\n2,1,0,\n3,1,1,1\n4,1,1,0\n");
        job = job.WithData(data => data with { Test = folder.Write("test.csv", "age,click,buy,pay\n1,0,,\n2,1,1,0\n") });

        var schema = job.Fit().Schema;
        var tasks = schema.ToModelInputs(EmbeddingSettings.Default).Tasks;

        var nan = float.NaN;
        Assert.Equal([3 / 4.0, 2 / 3.0, 1 / 2.0], schema.Tasks.Select(task => task.Mean));
        Assert.Equal([false, true, true], tasks.Select(task => task.IsConditional));
        Assert.Equal([0, nan, nan, 1, 1, 0], job.Load(schema)[0].Test.Labels_BT);
        Assert.Equal([0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0], job.Load(schema)[0].Train.Labels_BT);
    }

    private static JobFile Job(TemporaryFolder folder, Architecture architecture, string rows = Rows)
    {
        var job = Of(folder.Write("rows.csv", rows), [Numeric("age")], [
            // Not in the order of the funnel: what comes first is told by 'after' alone.
            Binary("click"),
            Binary("buy") with { After = ["click"] },
            Binary("pay") with { After = ["buy"] },
        ]);
        return job with { Model = job.Model with { Architecture = architecture } };
    }
}
