using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class JobReadingTests
{
    [Theory]
    [InlineData("name", 1, 7)]
    [InlineData("data", 3, 1)]
    [InlineData("data.train", 4, 10)]
    [InlineData("data.validation.fraction", 5, 26)]
    [InlineData("features[1].kind", 8, 24)]
    [InlineData("tasks[1].label", 12, 44)]
    [InlineData("tasks.stars.label", 12, 44)]
    [InlineData("features[1].column", 8, 5)]
    [InlineData("features[7].column", 6, 1)]
    [InlineData("data.shardBy", 3, 1)]
    [InlineData("data.key[0]", 3, 1)]
    [InlineData("name.first", 1, 7)]
    [InlineData("nothing", 1, 1)]
    [InlineData("", 1, 1)]
    public void A_key_is_found_or_else_its_nearest_parent(string keyPath, int line, int column) =>
        Assert.Equal((line, column), TestJob.Read(TestJob.Text).PositionOf(keyPath));

    [Fact]
    public void A_later_problem_is_reported_where_the_key_stands() =>
        Assert.Equal(
            "job.yaml:12:44: there is no column 'rating'",
            TestJob.Read(TestJob.Text).ProblemAt("tasks[1].label", "there is no column 'rating'").ToString());

    [Fact]
    public void A_later_problem_with_an_override_names_the_override() =>
        Assert.Equal(
            "--set tasks.stars.label: there is no column 'x'",
            TestJob.Read(TestJob.Text, "tasks.stars.label=x").ProblemAt("tasks[1].label", "there is no column 'x'").ToString());

    [Fact]
    public void The_canonical_job_has_places_too()
    {
        var canonical = TestJob.Read(JobFileWriter.Write(TestJob.Valid(TestJob.Text)));

        Assert.Equal((4, 11), canonical.PositionOf("data.format"));
    }
}
