using DistMtl.Coordinator.Runs;
using Spectre.Console;

namespace DistMtl.Coordinator.Display;

/// <summary>How a run shows itself on the console.</summary>
internal enum DisplayKind
{
    Live,
    Plain,
    Json,
}

/// <summary>Chooses the display that fits where the output goes.</summary>
internal static class DisplayFactory
{
    public static IRunObserver Create(bool json, TimeProvider time)
    {
        var kind = Choose(json, Console.IsOutputRedirected, Environment.GetEnvironmentVariable("TERM"));
        return kind switch
        {
            DisplayKind.Json => new JsonDisplay(Console.Out),
            DisplayKind.Plain => new PlainDisplay(Console.Out, errors: null),
            DisplayKind.Live => new LiveDisplay(TerminalConsole(), time),
            _ => throw new ArgumentOutOfRangeException(nameof(json), kind, null),
        };
    }

    /// <param name="json">Whether <c>--json</c> was given; it wins.</param>
    /// <param name="outputRedirected">Whether stdout is no terminal.</param>
    /// <param name="terminal">The variable TERM; "dumb" has no cursor to move.</param>
    public static DisplayKind Choose(bool json, bool outputRedirected, string? terminal) =>
        json ? DisplayKind.Json
        : outputRedirected || terminal == "dumb" ? DisplayKind.Plain
        : DisplayKind.Live;

    /// <summary>Whether colours are wanted: the variable NO_COLOR forbids them if it is there and not empty (no-color.org).</summary>
    public static bool WantsColors(string? noColor) => string.IsNullOrEmpty(noColor);

    private static IAnsiConsole TerminalConsole() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        ColorSystem = WantsColors(Environment.GetEnvironmentVariable("NO_COLOR"))
            ? ColorSystemSupport.Detect
            : ColorSystemSupport.NoColors,
    });
}
