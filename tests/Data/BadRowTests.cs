using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Tests;

public sealed class BadRowTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("abc,1 2,1", "3:1: x: 'abc' is not a finite number")]
    [InlineData("NaN,1 2,1", "3:1: x: 'NaN' is not a finite number")]
    [InlineData("1e39,1 2,1", "3:1: x: '1e39' is not a finite number")]
    [InlineData("1,1 2 3,1", "3:2: v: the vector has 3 numbers, the feature a width of 2")]
    [InlineData("1,1 z,1", "3:2: v: 'z' (number 2 of the vector) is not a finite number")]
    [InlineData("1,1 2,yes", "3:3: y: 'yes' is no binary label")]
    [InlineData("1,1 2", "3:2: the row has 2 cells, the file 3 columns")]
    [InlineData("1,\"1\" 2,1", "3:2: text follows a closing quote")]
    public void A_bad_row_fails_the_job_with_line_and_column(string row, string message)
    {
        var error = Assert.Throws<JobException>(() => Job($"x,v,y\n1,1 2,0\n{row}\n2,3 4,1\n").Fit());
        Assert.Contains($"{_folder.PathOf("rows.csv")}:{message}", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("1 of 3 rows can't be read (33.33 %), data.maxBadRows allows 0.00 %: ", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadInput, error.ExitCode);
    }

    [Fact]
    public void Bad_rows_below_the_rate_are_left_out_of_everything()
    {
        var job = Job("x,v,y\n1,1 2,0\n999,1,1\n3,3 4,1\nbad,5 6,1\n").WithData(data => data with { MaxBadRows = 0.5 });
        var scan = job.Fit();
        Assert.Equal((4, 2), (scan.BadRows.Rows, scan.BadRows.Bad));
        Assert.Equal(2, scan.Schema.Features[0].Mean);
        Assert.Equal(2, scan.Schema.Tasks[0].TrainLabels);
        Assert.Equal(2, job.Load(scan.Schema)[0].Train.Count);
    }

    [Fact]
    public void Only_the_first_few_are_shown()
    {
        var bad = string.Concat(Enumerable.Range(0, 20).Select(i => $"bad{i},1 2,1\n"));
        var error = Assert.Throws<JobException>(() => Job($"x,v,y\n1,1 2,0\n{bad}").Fit());
        Assert.Contains("'bad4'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("'bad5'", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("; and 15 more", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_bad_row_of_the_test_file_is_found_before_training()
    {
        var job = Job("x,v,y\n1,1 2,0\n").WithData(data => data with { Test = _folder.Write("test.csv", "x,v,y\n1,1 2,2\n") });
        Assert.Contains("test.csv:2:3: y: '2' is no binary label", Assert.Throws<JobException>(() => job.Fit()).Message, StringComparison.Ordinal);
    }

    private JobFile Job(string text) => TestJob.Of(
        _folder.Write("rows.csv", text), [TestJob.Numeric("x"), TestJob.Vector("v", 2)], [TestJob.Binary("y")]);
}
