using Spectre.Console;

namespace DistMtl.Coordinator.Display;

/// <summary>A console without colours or cursor, 80 columns wide, that gives its text.</summary>
internal static class PlainConsole
{
    /// <summary>The text of what is written, without the blanks with which tables fill their lines.</summary>
    public static string Render(Action<IAnsiConsole> write)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = SummaryText.MinWidth;
        write(console);
        return string.Join('\n', text.ToString().ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));
    }
}
