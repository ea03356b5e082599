using DistMtl.Coordinator.Service;

namespace DistMtl.Coordinator.Tests.Service;

public sealed class LineLogTests
{
    [Fact]
    public async Task A_reader_that_comes_late_gets_the_earlier_lines_and_then_the_new_ones_until_the_end()
    {
        var log = new LineLog();
        log.Append("one");
        await using var reader = log.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal("one", reader.Current);
        log.Append("two");
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal("two", reader.Current);
        log.End();
        Assert.False(await reader.MoveNextAsync());
    }

    [Fact]
    public async Task After_the_end_the_lines_can_still_be_read()
    {
        var log = new LineLog();
        using var writer = log.Writer();
        writer.Write("a\nb");
        writer.WriteLine("c");
        log.End();
        var lines = new List<string>();
        await foreach (var line in log.ReadAsync(TestContext.Current.CancellationToken))
            lines.Add(line);
        Assert.Equal(["a", "bc"], lines);
    }

    [Fact]
    public async Task Only_the_last_lines_are_kept()
    {
        var log = new LineLog();
        for (var i = 0; i < 5000; i++)
            log.Append($"{i}");
        log.End();
        var lines = new List<string>();
        await foreach (var line in log.ReadAsync(TestContext.Current.CancellationToken))
            lines.Add(line);
        Assert.Equal(2000, lines.Count);
        Assert.Equal("4999", lines[^1]);
    }
}
