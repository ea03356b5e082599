using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Tests.Runs;

namespace DistMtl.Coordinator.Tests.Display;

public sealed class RunProgressTests
{
    [Fact]
    public void The_time_left_is_that_of_the_remaining_steps_at_the_pace_so_far()
    {
        var progress = RunProgress.None.Apply(SomeRun.Started(firstStep: 100, totalSteps: 200));
        Assert.Null(progress.SecondsLeft);
        progress = progress.Apply(SomeRun.Step(101, 50));
        Assert.Null(progress.SecondsLeft);

        Assert.Equal(98 * 2, progress.Apply(SomeRun.Step(102, 52)).SecondsLeft);
        Assert.Null(progress.Apply(SomeRun.Step(200, 250)).SecondsLeft);
    }

    [Fact]
    public void The_last_epoch_may_be_cut_short() =>
        Assert.Equal(2, RunProgress.None.Apply(SomeRun.Started(totalSteps: 197)).Epochs);

    [Fact]
    public void A_smoothed_constant_is_that_constant_from_its_first_value_on()
    {
        var trend = LossTrend.Empty;
        Assert.Null(trend.Add(null).Smoothed);
        foreach (var _ in Enumerable.Range(0, 500))
        {
            trend = trend.Add(0.7).Add(null).Add(double.NaN);
            Assert.Equal(0.7, trend.Smoothed!.Value, 1e-12);
        }
    }

    [Fact]
    public void A_trend_spans_the_whole_run_in_a_bounded_number_of_points()
    {
        var trend = LossTrend.Empty;
        foreach (var step in Enumerable.Range(1, 10_000))
            trend = trend.Add(-step);

        Assert.InRange(trend.Points.Length, 31, 64);
        Assert.True(trend.Points[0] > -500);
        Assert.True(trend.Points[^1] < -9500);
        Assert.Equal(trend.Points.OrderDescending(), trend.Points);
    }

    [Theory]
    [InlineData(new double[] { }, "")]
    [InlineData(new double[] { 3 }, "▁")]
    [InlineData(new double[] { 2, 2, 2 }, "▁▁▁")]
    [InlineData(new double[] { 0, 7 }, "▁█")]
    [InlineData(new double[] { 7, 6, 5, 4, 3, 2, 1, 0 }, "▇▅▃▁")]
    public void A_sparkline_has_the_width_and_ends_with_the_last_point(double[] points, string expected) =>
        Assert.Equal(expected, Sparkline.Of(points, 4));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(59.6, "1 min 00 s")]
    [InlineData(61, "1 min 01 s")]
    [InlineData(3600, "1 h 00 min")]
    [InlineData(360_000, "100 h 00 min")]
    public void Durations_are_short(double seconds, string expected) => Assert.Equal(expected, NumberText.Duration(seconds));

    [Theory]
    [InlineData(null, "-")]
    [InlineData(double.NaN, "-")]
    [InlineData(0.0, "0.0000")]
    [InlineData(0.00012, "1.2e-4")]
    [InlineData(0.51234, "0.5123")]
    [InlineData(51.234, "51.234")]
    [InlineData(512.34, "512.34")]
    [InlineData(-51234.0, "-51,234")]
    [InlineData(5.1e9, "5.1e+9")]
    public void Metrics_take_few_letters(double? value, string expected) => Assert.Equal(expected, NumberText.Metric(value));

    [Theory]
    [InlineData("click", 5, "click")]
    [InlineData("watch_time_seconds", 10, "watch…onds")]
    public void A_long_name_keeps_both_its_ends(string name, int length, string expected) =>
        Assert.Equal(expected, NumberText.Shorten(name, length));
}
