using System.Text;
using DistMtl.Coordinator.Tests.Runs;
using DistMtl.Protocol.Runs;
using Spectre.Console;
using LiveDisplay = DistMtl.Coordinator.Display.LiveDisplay;

namespace DistMtl.Coordinator.Tests.Display;

public sealed class LiveDisplayTests
{
    private const string HideCursor = "\e[?25l";
    private const string ShowCursor = "\e[?25h";

    [Fact]
    public async Task A_run_ends_with_its_notices_its_summary_and_the_cursor()
    {
        using var terminal = new StringWriter();
        await using (var display = new LiveDisplay(ConsoleOver(terminal), TimeProvider.System))
        {
            display.On(SomeRun.Started());
            display.On(SomeRun.Step(1, 1));
            display.On(new Notice(1.5, "worker-2 left"));
            display.On(new RunEnded(2, SomeRun.Summary()));
        }

        var text = terminal.ToString();
        Assert.True(text.LastIndexOf(ShowCursor, StringComparison.Ordinal) > text.LastIndexOf(HideCursor, StringComparison.Ordinal));
        Assert.Contains("worker-2 left", text, StringComparison.Ordinal);
        Assert.Contains("report     /runs/census/report.html", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_never_ended_leaves_no_summary()
    {
        using var terminal = new StringWriter();
        await using (var display = new LiveDisplay(ConsoleOver(terminal), TimeProvider.System))
            display.On(SomeRun.Started());

        Assert.DoesNotContain("status", terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Training_does_not_wait_for_a_terminal_that_takes_nothing()
    {
        using var terminal = new PausedTerminal();
        await using var display = new LiveDisplay(ConsoleOver(terminal), TimeProvider.System);
        terminal.WaitUntilSomethingIsWritten();

        display.On(SomeRun.Started());
        foreach (var step in Enumerable.Range(1, 1000))
            display.On(SomeRun.Step(step, step));
        display.On(new RunEnded(1001, SomeRun.Summary()));

        Assert.False(terminal.IsResumed);
        terminal.Resume();
    }

    private static IAnsiConsole ConsoleOver(TextWriter terminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(terminal),
        });
        (console.Profile.Width, console.Profile.Height) = (80, 24);
        return console;
    }

    /// <summary>As after Ctrl-S: a write waits until the terminal goes on.</summary>
    private sealed class PausedTerminal : StringWriter
    {
        private readonly ManualResetEventSlim _resumed = new();
        private readonly ManualResetEventSlim _written = new();

        public bool IsResumed => _resumed.IsSet;

        public override Encoding Encoding => Encoding.UTF8;

        public void WaitUntilSomethingIsWritten() => Assert.True(_written.Wait(TimeSpan.FromSeconds(30)));

        public void Resume() => _resumed.Set();

        public override void Write(string? value)
        {
            _written.Set();
            Assert.True(_resumed.Wait(TimeSpan.FromSeconds(30)));
        }
    }
}
