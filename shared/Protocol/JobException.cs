namespace DistMtl.Protocol;

/// <summary>
/// Something the user can mend: bad input, a missing file, an impossible wish. Its message is complete (what, where,
/// what would be right) and is shown as it is, without a stack trace.
/// </summary>
/// <param name="message">The whole text for the user.</param>
/// <param name="exitCode">What the process exits with.</param>
public class JobException(string message, ExitCode exitCode = ExitCode.BadInput, Exception? inner = null)
    : Exception(message, inner)
{
    public ExitCode ExitCode { get; } = exitCode;
}
