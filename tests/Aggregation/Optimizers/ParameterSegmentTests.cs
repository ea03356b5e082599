using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Optimizers;

public sealed class ParameterSegmentTests
{
    private static readonly ParameterLayout Layout = ParameterLayout.Create(
    [
        Entry("embedding.user", 6, null),
        Entry("embedding.item", 4, null),
        Entry("experts.0.weight", 5, null),
        Entry("tower.click.0.weight", 3, 0),
        Entry("head.click.bias", 1, 0),
        Entry("tower.buy.0.weight", 3, 1),
        Entry("head.buy.bias", 1, 1),
    ]);

    private static readonly OptimizerSettings Settings = new(OptimizerKind.Adam, 0.01, 0.1, 0.9, 0.999, 1e-8, 0.9);
    private static readonly TaskSettings Click = new("click", TaskKind.Binary, "click", null, []);
    private static readonly TaskSettings Buy = new("buy", TaskKind.Binary, "buy", null, []);

    [Fact]
    public void Without_groups_all_parameters_are_one_segment() =>
        Assert.Equal(ParameterSegment.Whole(Settings, Layout.Length), ParameterSegment.Of(Layout, Settings, [Click, Buy]));

    [Fact]
    public void A_tasks_learning_rate_is_that_of_the_parameters_it_alone_uses() => Assert.Equal(
        [new(0, 15, 0.01, 0.1), new(15, 4, 0.5, 0.1), new(19, 4, 0.01, 0.1)],
        ParameterSegment.Of(Layout, Settings, [Click with { LearningRate = 0.5 }, Buy]));

    [Fact]
    public void The_first_group_that_fits_goes_before_the_task_and_the_optimiser()
    {
        var settings = Settings with
        {
            Groups = [new("embedding.use?", 0, null), new("embedding.*", 0.02, 0), new("head.*.bias", null, 0)],
        };
        Assert.Equal(
            [new(0, 6, 0, 0.1), new(6, 4, 0.02, 0), new(10, 5, 0.01, 0.1), new(15, 3, 0.5, 0.1), new(18, 1, 0.5, 0), new(19, 3, 0.01, 0.1), new(22, 1, 0.01, 0)],
            ParameterSegment.Of(Layout, settings, [Click with { LearningRate = 0.5 }, Buy]));
    }

    [Fact]
    public void A_parameters_own_rate_goes_before_its_tasks_and_what_is_frozen_stays_so()
    {
        var layout = ParameterLayout.Create(
        [
            Entry("embedding.image", 2, null) with { LearningRate = 0 },
            Entry("embedding.text", 3, null) with { LearningRate = 0.3 },
            Entry("head.click.bias", 1, 0) with { LearningRate = 0.2 },
        ]);
        Assert.Equal(
            [new(0, 2, 0, 0.1), new(2, 3, 0.3, 0.1), new(5, 1, 0.2, 0.1)],
            ParameterSegment.Of(layout, Settings, [Click with { LearningRate = 0.5 }]));
        Assert.Equal(
            [new(0, 2, 0, 0.1), new(2, 3, 0.4, 0.1), new(5, 1, 0.2, 0.1)],
            ParameterSegment.Of(layout, Settings with { Groups = [new("embedding.*", 0.4, null)] }, [Click with { LearningRate = 0.5 }]));
    }

    [Fact]
    public void A_range_has_its_part_of_each_segment_counted_from_its_beginning()
    {
        ParameterSegment[] segments = [new(0, 13, 0.02, 0), new(13, 9, 0, 0.1), new(22, 15, 0.005, 0.3)];
        Assert.Equal([new(0, 3, 0.02, 0), new(3, 9, 0, 0.1), new(12, 8, 0.005, 0.3)], ParameterSegment.OfRange([.. segments], 10, 20));
        Assert.Equal([new(0, 4, 0, 0.1)], ParameterSegment.OfRange([.. segments], 15, 4));
        Assert.Equal(segments, ParameterSegment.OfRange([.. segments], 0, 37));
    }

    [Theory]
    [InlineData("embeding.*", "optimizer.groups[0].match: 'embeding.*' fits no parameter of the model; did you mean 'embedding.*'?")]
    [InlineData("head.clik.bias", "optimizer.groups[0].match: 'head.clik.bias' fits no parameter of the model; did you mean 'head.click.bias'?")]
    [InlineData("everything", "optimizer.groups[0].match: 'everything' fits no parameter of the model; known: embedding.*, experts.*, tower.*, head.*")]
    public void A_group_without_a_parameter_is_refused(string match, string message)
    {
        var settings = Settings with { Groups = [new(match, 1, null)] };
        Assert.Equal(message, Assert.Throws<JobException>(() => ParameterSegment.Of(Layout, settings, [Click, Buy])).Message);
    }

    [Fact]
    public void A_group_that_an_earlier_one_leaves_nothing_for_is_refused()
    {
        var settings = Settings with { Groups = [new("*", 1, null), new("embedding.item", 2, null)] };
        var error = Assert.Throws<JobException>(() => ParameterSegment.Of(Layout, settings, [Click, Buy]));
        Assert.StartsWith("optimizer.groups[1].match: all that 'embedding.item' fits belongs to an earlier group already", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_may_fit_a_sparse_table_alone()
    {
        TableEntry[] tables = [new("embedding.query", 9, 2, null, 1)];
        var settings = Settings with { Groups = [new("embedding.query", 1, null)] };

        Assert.Equal(ParameterSegment.Of(Layout, Settings, [Click, Buy]), ParameterSegment.Of(Layout, settings, [Click, Buy], tables));
        Assert.EndsWith(
            "did you mean 'embedding.query'?",
            Assert.Throws<JobException>(() => ParameterSegment.Of(Layout, Settings with { Groups = [new("embedding.quary", 1, null)] }, [Click, Buy], tables)).Message,
            StringComparison.Ordinal);
    }

    private static ParameterEntry Entry(string name, int length, int? task) => new(name, [length], 0, task, Initializer.Constant, 0);
}
