namespace DistMtl.Protocol.Tests;

public sealed class ParameterLayoutTests
{
    [Fact]
    public void Shared_parameters_come_first_and_each_tasks_own_lie_together()
    {
        var layout = ParameterLayout.Create([Entry("own1", 3, 1), Entry("shared", 4, null), Entry("own0", 2, 0), Entry("more1", 5, 1)]);
        Assert.Equal(["shared", "own0", "own1", "more1"], layout.Entries.Select(e => e.Name));
        Assert.Equal([0, 4, 6, 9], layout.Entries.Select(e => e.Offset));
        Assert.Equal(4, layout.SharedLength);
        Assert.Equal(14, layout.Length);
        Assert.Equal(4..6, layout.OwnRange(0));
        Assert.Equal(6..14, layout.OwnRange(1));
        Assert.Equal(14..14, layout.OwnRange(2));
    }

    [Fact]
    public void A_name_may_stand_only_once() =>
        Assert.Throws<ArgumentException>(() => ParameterLayout.Create([Entry("a", 1, null), Entry("a", 2, 0)]));

    [Fact]
    public void More_elements_than_an_array_holds_are_refused() =>
        Assert.Throws<OverflowException>(() => ParameterLayout.Create([Entry("a", int.MaxValue, null), Entry("b", 2, null)]));

    private static ParameterEntry Entry(string name, int length, int? task) => new(name, [length], 0, task, Initializer.Constant, 0);
}
