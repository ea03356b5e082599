using Spectre.Console;

namespace DistMtl.Coordinator.Display;

/// <summary>A console without colours or cursor, 80 columns wide, over any writer.</summary>
internal static class PlainConsole
{
    private const int Columns = 80;

    public static IAnsiConsole Over(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = Columns;
        return console;
    }
}
