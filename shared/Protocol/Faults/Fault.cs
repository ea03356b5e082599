using System.Globalization;

namespace DistMtl.Protocol.Faults;

/// <summary>What a node does to itself at a fault.</summary>
public enum FaultAction
{
    /// <summary>An exception that nobody expects.</summary>
    Throw,

    /// <summary>SIGKILL: the process is gone, without a word.</summary>
    Kill,

    /// <summary>SIGSTOP: the process is there and does nothing, until someone continues it.</summary>
    Stop,

    /// <summary>From there on it takes longer.</summary>
    Slow,
}

/// <summary>A failure to order: at a step, in a phase of it, on a node.</summary>
/// <param name="Node">As <see cref="FaultPlan.NodeVariable"/> names it; null: on every one.</param>
/// <param name="Step">1 for the first.</param>
/// <param name="Factor">Of <see cref="FaultAction.Slow"/>: how many times as long the phase takes.</param>
public sealed record Fault(string? Node, int Step, FaultPhase Phase, FaultAction Action, double Factor = 1)
{
    /// <summary>Reads <c>[node@]step/phase:action</c>, such as <c>worker-2@5/computing:kill</c> or <c>3/before:slow*4</c>.</summary>
    /// <exception cref="JobException">It is nothing of that kind.</exception>
    public static Fault Parse(string text)
    {
        var (node, rest) = text.Split('@', 2) is [var name, var after] ? (name, after) : (null, text);
        if (rest.Split('/', ':') is not [var step, var phase, var action]
            || !int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !Enum.TryParse<FaultPhase>(phase, ignoreCase: true, out var at))
            throw Wrong(text);
        if (action.Split('*', 2) is [var slow, var times])
        {
            return string.Equals(slow, nameof(FaultAction.Slow), StringComparison.OrdinalIgnoreCase)
                && double.TryParse(times, NumberStyles.Float, CultureInfo.InvariantCulture, out var factor) && factor >= 1
                ? new Fault(node, number, at, FaultAction.Slow, factor)
                : throw Wrong(text);
        }
        return Enum.TryParse<FaultAction>(action, ignoreCase: true, out var known) && known != FaultAction.Slow ? new Fault(node, number, at, known) : throw Wrong(text);
    }

    private static JobException Wrong(string text) => new(
        $"{FaultPlan.Variable}: '{text}' is no fault; it must be [node@]step/phase:action, with a phase of {string.Join(", ", Enum.GetNames<FaultPhase>()).ToLowerInvariant()} and an action of throw, kill, stop or slow*FACTOR");
}
