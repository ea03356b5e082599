using System.Runtime.InteropServices;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;
using Spectre.Console;

namespace DistMtl.Coordinator.Display;

/// <summary>
/// For a person at a terminal: one screen, redrawn on a timer of its own. An event costs the training thread one
/// assignment; drawing happens elsewhere and takes whatever state is newest.
/// </summary>
internal sealed class LiveDisplay : IRunObserver, IAsyncDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(125);

    // A terminal that is paused (Ctrl-S) takes no output; a finished run does not wait for it.
    private static readonly TimeSpan _closingDeadline = TimeSpan.FromSeconds(2);
    private const int NoticesAtEnd = 20;

    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly PeriodicTimer _timer;
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly Task _drawing;
    private volatile Snapshot _snapshot;

    public LiveDisplay(IAnsiConsole console, TimeProvider time)
    {
        _console = console;
        _time = time;
        _snapshot = new Snapshot(RunProgress.None, time.GetTimestamp());
        _timer = new PeriodicTimer(_interval, time);
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            _signals.Add(PosixSignalRegistration.Create(signal, _ => ShowCursor()));
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        _drawing = Task.Run(Draw);
    }

    public void On(RunEvent e)
    {
        _snapshot = new Snapshot(_snapshot.Progress.Apply(e), _time.GetTimestamp());
        if (e is RunEnded)
            _timer.Dispose();
    }

    /// <summary>Ends the drawing, prints the summary and gives the terminal back.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        try
        {
            await _drawing.WaitAsync(_closingDeadline, _time);
        }
        catch (TimeoutException)
        {
            // Nobody reads the terminal.
        }
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        _signals.ForEach(signal => signal.Dispose());
    }

    private async Task Draw()
    {
        await _console.Live(Frame()).AutoClear(true).Overflow(VerticalOverflow.Crop).StartAsync(async context =>
        {
            while (await _timer.WaitForNextTickAsync())
                context.UpdateTarget(Frame());
        });
        var progress = _snapshot.Progress;
        foreach (var notice in progress.Notices.TakeLast(NoticesAtEnd))
            _console.WriteLine(notice.Text);
        if (progress.Ended is { } ended)
            WriteSummary(ended.Summary, progress.Started?.RunDirectory);
    }

    // On a terminal that is too narrow lines that wrap are easier to read than columns of one letter.
    private void WriteSummary(RunSummary summary, string? runDirectory)
    {
        if (_console.Profile.Width >= SummaryText.MinWidth)
            SummaryText.Write(_console, summary, runDirectory);
        else
            _console.Profile.Out.Writer.Write(PlainConsole.Render(plain => SummaryText.Write(plain, summary, runDirectory)));
    }

    private Spectre.Console.Rendering.IRenderable Frame()
    {
        var (progress, timestamp) = _snapshot;
        var elapsed = progress.Seconds + _time.GetElapsedTime(timestamp).TotalSeconds;
        return LiveScreen.Render(progress, elapsed, _console.Profile.Width, _console.Profile.Height);
    }

    // A signal that nobody cancels ends the process at once, and the drawing would leave the cursor hidden.
    private void ShowCursor() => _console.Cursor.Show(true);

    private void OnProcessExit(object? sender, EventArgs e) => ShowCursor();

    private sealed record Snapshot(RunProgress Progress, long Timestamp);
}
