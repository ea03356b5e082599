using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class WrongYamlTests
{
    [Theory]
    [InlineData("", "1:1: the job file is empty")]
    [InlineData("# only a comment\n", "1:1: the job file is empty")]
    [InlineData("---\n", "1:1: the job file is empty")]
    [InlineData("- a\n", "1:1: a job file is a map of keys such as name, data, features and tasks")]
    [InlineData("just words\n", "1:1: a job file is a map of keys such as name, data, features and tasks")]
    [InlineData("name: a\ndata:\n\ttrain: b\n", "3:1: a tab stands here, but YAML is indented by spaces")]
    [InlineData("name: a\ndata:\n  train: b\n \tshards: 8\n", "4:2: a tab stands here, but YAML is indented by spaces")]
    public void Text_that_is_no_job_is_refused_at_its_place(string yaml, string problem) =>
        Assert.Equal([$"job.yaml:{problem}"], TestJob.Read(yaml).Problems.Select(found => found.ToString()));

    [Theory]
    [InlineData("name: a\ntasks: [}\n", 2)]
    [InlineData("name: a\nseed: \"7\n", 2)]
    [InlineData("name: a\nseed: 7: 8\n", 2)]
    [InlineData("name: a\nseed: @7\n", 2)]
    public void A_syntax_error_is_one_line_with_its_place(string yaml, int line)
    {
        var problem = Assert.Single(TestJob.Read(yaml).Problems);

        Assert.Equal(line, problem.Line);
        Assert.True(problem.Column > 0);
        Assert.StartsWith("not valid YAML: ", problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public void A_brace_that_is_not_closed_is_reported_where_reading_ends() =>
        Assert.Equal(
            "job.yaml:9:3: not valid YAML: what follows cannot be read; is a '{', a '[' or a quote before it not closed?",
            Assert.Single(TestJob.Read(TestJob.With("dim: 4}", "dim: 4")).Problems).ToString());

    [Fact]
    public void A_second_document_is_refused() =>
        Assert.Equal(
            "job.yaml:17:1: a second document begins here, but a job file is one document",
            Assert.Single(TestJob.Read(TestJob.Text + "---\nname: other\n").Problems).ToString());

    [Fact]
    public void Nesting_without_end_is_refused_and_does_not_exhaust_the_stack()
    {
        var problem = Assert.Single(TestJob.Read($"name: {new string('[', 200_000)}").Problems);

        Assert.Equal("job.yaml:1:39: not valid YAML: lists and maps are nested more than 32 deep", problem.ToString());
    }

    [Fact]
    public void Windows_line_ends_and_a_byte_order_mark_change_nothing()
    {
        var yaml = "\uFEFF" + TestJob.Text.Replace("\n", "\r\n", StringComparison.Ordinal);

        Assert.Equal(JobFileWriter.Write(TestJob.Valid(TestJob.Text)), JobFileWriter.Write(TestJob.Valid(yaml)));
        Assert.Equal((2, 7), TestJob.Read(yaml).PositionOf("seed"));
    }
}
