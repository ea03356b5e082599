using System.Text.Json;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Tests.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Tests.Display;

public sealed class JsonDisplayTests
{
    [Fact]
    public void Every_event_is_one_line_of_json_that_says_its_kind()
    {
        using var output = new StringWriter();
        var display = new JsonDisplay(output);
        RunEvent[] events =
        [
            new Notice(0.1, "a notice\nof two lines, \"quoted\""),
            SomeRun.Started(),
            SomeRun.Step(1, 1, click: double.NaN),
            SomeRun.Evaluation(1, 2),
            new CheckpointWritten(2.5, 1, "/runs/census/checkpoints/step-1"),
            new RunEnded(3, SomeRun.Summary()),
        ];

        foreach (var e in events)
            display.On(e);

        var lines = output.ToString().TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            ["notice", "started", "step", "evaluation", "checkpoint", "ended"],
            lines.Select(line => line.GetProperty("kind").GetString()));
        Assert.Equal(events.Select(e => e.Seconds), lines.Select(line => line.GetProperty("seconds").GetDouble()));
        Assert.Equal("a notice\nof two lines, \"quoted\"", lines[0].GetProperty("text").GetString());
        Assert.Equal(SomeRun.Tasks, lines[1].GetProperty("tasks").EnumerateArray().Select(task => task.GetString()));
        Assert.Equal(JsonValueKind.Null, lines[2].GetProperty("losses").GetProperty("click").ValueKind);
        Assert.Equal("completed", lines[5].GetProperty("summary").GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(true, false, "xterm", "Json")]
    [InlineData(true, true, null, "Json")]
    [InlineData(false, true, "xterm", "Plain")]
    [InlineData(false, false, "dumb", "Plain")]
    [InlineData(false, false, "xterm-256color", "Live")]
    [InlineData(false, false, null, "Live")]
    public void The_display_fits_where_the_output_goes(bool json, bool redirected, string? terminal, string expected) =>
        Assert.Equal(expected, DisplayFactory.Choose(json, redirected, terminal).ToString());

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("1", false)]
    public void Colours_are_left_out_where_nobody_wants_them(string? noColor, bool expected) =>
        Assert.Equal(expected, DisplayFactory.WantsColors(noColor));
}
