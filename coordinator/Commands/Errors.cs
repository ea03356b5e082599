using System.CommandLine;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;

namespace DistMtl.Coordinator.Commands;

/// <summary>The one place where a command's outcome becomes an exit code and a line on stderr.</summary>
internal static class Errors
{
    /// <summary>Shows what the user can mend as it is; anything else is a defect of this program and keeps its stack trace.</summary>
    public static async Task<int> ReportAsync(ParseResult parse, Func<Task<ExitCode>> command)
    {
        try
        {
            // What is wrong with it is said before anything is begun.
            _ = FaultPlan.Own;
            return (int)await command();
        }
        catch (JobException e)
        {
            foreach (var line in e.Message.Split('\n'))
                await parse.InvocationConfiguration.Error.WriteLineAsync($"error: {line}");
            return (int)e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk, a right, a connection: it names the file, and no line of this program could be better.
            await parse.InvocationConfiguration.Error.WriteLineAsync($"error: {e.Message}");
            return (int)ExitCode.Failure;
        }
    }
}
