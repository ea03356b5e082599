using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Tests.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Tests.Display;

public sealed class LiveScreenTests
{
    [Theory]
    [InlineData(1, 80, 24)]
    [InlineData(4, 80, 24)]
    [InlineData(32, 80, 24)]
    [InlineData(32, 200, 50)]
    [InlineData(14, 80, 24)]
    [InlineData(15, 80, 24)]
    [InlineData(6, 40, 12)]
    [InlineData(6, 50, 13)]
    public void A_frame_fits_the_terminal(int tasks, int width, int height)
    {
        var progress = Progress(tasks).Apply(new Notice(9, new string('x', 300) + "\nsecond line"));

        var lines = Frame(progress, width, height);

        Assert.All(lines, line => Assert.InRange(line.Length, 0, width - 1));
        Assert.InRange(lines.Length, 1, height - 1);
    }

    [Fact]
    public void Tasks_that_do_not_fit_are_counted()
    {
        var lines = Frame(Progress(32), 80, 24);

        Assert.Single(lines, line => line.Contains("task_number_14", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("task_number_15", StringComparison.Ordinal));
        Assert.Single(lines, line => line.Contains("… 18 more", StringComparison.Ordinal));
    }

    [Fact]
    public void All_tasks_are_shown_where_they_fit() =>
        Assert.DoesNotContain(Frame(Progress(15), 80, 24), line => line.Contains("more", StringComparison.Ordinal));

    [Fact]
    public void A_frame_says_where_the_run_stands()
    {
        var progress = RunProgress.None.Apply(SomeRun.Started())
            .Apply(SomeRun.Step(1, 1)).Apply(SomeRun.Step(294, 294)).Apply(SomeRun.Evaluation(294, 295));

        var lines = Frame(progress, 80, 24);

        Assert.Equal("census" + "step 294/588  epoch 2/3  5 min 00 s  4 min 54 s left".PadLeft(73), lines[0]);
        Assert.Equal(39, lines[1].Count(letter => letter == '━'));
        Assert.Equal("41,200 rows/s  2 workers  8 shards  45,121 parameters", lines[2]);
        Assert.Single(lines, line => line.Contains("auc 0.7800  logLoss 0.4100", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(0, 100_000)]
    [InlineData(3, 3)]
    public void Before_the_first_step_the_bar_shows_what_was_done_before(int firstStep, int totalSteps)
    {
        var lines = Frame(RunProgress.None.Apply(SomeRun.Started(firstStep: firstStep, totalSteps: totalSteps)), 80, 24);

        Assert.Equal(firstStep == totalSteps ? 79 : 0, lines[1].Count(letter => letter == '━'));
        Assert.Contains("waiting for the first step", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_data_are_scanned_the_last_notice_is_shown()
    {
        var lines = Frame(RunProgress.None.Apply(new Notice(1, "reading train.csv")), 80, 24);

        Assert.Equal(["preparing  5 min 00 s", "reading train.csv"], lines);
    }

    private static string[] Frame(RunProgress progress, int width, int height) =>
        PlainConsole.Render(console =>
        {
            console.Profile.Width = width;
            console.Write(LiveScreen.Render(progress, 300, width, height));
        }).TrimEnd('\n').Split('\n');

    private static RunProgress Progress(int count)
    {
        string[] tasks = [.. Enumerable.Range(1, count).Select(t => $"task_number_{t}")];
        var progress = RunProgress.None.Apply(SomeRun.Started(tasks: tasks));
        foreach (var step in Enumerable.Range(1, 100))
        {
            progress = progress.Apply(SomeRun.Step(step, step) with
            {
                Losses = [.. tasks.Select(_ => (double?)(1.0 / step))],
                Weights = [.. tasks.Select(_ => 1.0)],
            });
        }
        return progress.Apply(SomeRun.Evaluation(100, 100) with { Tasks = [.. tasks.Select(task => SomeRun.Binary(task, 0.7))] });
    }
}
