using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistMtl.Protocol.Faults;

/// <summary>
/// Failures that a process brings upon itself, for tests and drills: real ones, at places that no signal from outside would hit. The
/// variable <see cref="Variable"/> lists them, with semicolons; without it there are none, and asking costs nothing.
/// </summary>
/// <param name="node">What this process is called.</param>
public sealed class FaultPlan(string? node, IReadOnlyList<Fault> faults)
{
    public const string Variable = "DISTMTL_FAULTS";

    /// <summary>What this process is called in the list, else by its program's name; workers that a run starts itself are worker-0, worker-1 and so on.</summary>
    public const string NodeVariable = "DISTMTL_NODE";

    private const int StopSignal = 19;

    private static readonly TimeSpan s_killDeadline = TimeSpan.FromSeconds(10);

    private static FaultPlan? s_own;

    private readonly ConcurrentDictionary<Fault, bool> _done = new();

    /// <summary>This process's.</summary>
    /// <exception cref="JobException">The variable lists what is no fault.</exception>
    public static FaultPlan Own => s_own ??= Parse(
        Environment.GetEnvironmentVariable(NodeVariable) ?? Path.GetFileNameWithoutExtension(Environment.ProcessPath), Environment.GetEnvironmentVariable(Variable));

    /// <exception cref="JobException">One of them is no fault.</exception>
    public static FaultPlan Parse(string? node, string? text) => new(
        node, [.. (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Fault.Parse)]);

    /// <summary>The process is there. A fault happens once, however often the process comes by.</summary>
    /// <param name="step">1 for the first.</param>
    public void At(FaultPhase phase, int step)
    {
        if (faults.Count == 0)
            return;
        foreach (var fault in faults.Where(fault => IsOwn(fault) && fault.Phase == phase && fault.Step == step && _done.TryAdd(fault, true)))
            Do(fault);
    }

    /// <summary>A phase has taken so long; a node that is slow from some step on takes as much longer as its fault says.</summary>
    /// <param name="step">1 for the first.</param>
    /// <param name="elapsed">Without what this adds.</param>
    public void Prolong(FaultPhase phase, int step, TimeSpan elapsed)
    {
        if (faults.Count == 0)
            return;
        foreach (var fault in faults.Where(fault => IsOwn(fault) && fault.Phase == phase && fault.Action == FaultAction.Slow && fault.Step <= step))
        {
            // The fault itself: a slow node holds up the thread that computes.
            Thread.Sleep(elapsed * (fault.Factor - 1));
        }
    }

    private bool IsOwn(Fault fault) => fault.Node is null || fault.Node == node;

    private static void Do(Fault fault)
    {
        switch (fault.Action)
        {
            case FaultAction.Throw:
                throw new FaultException($"the fault ordered for step {fault.Step}, {fault.Phase}");
            case FaultAction.Kill:
                using (var own = Process.GetCurrentProcess())
                    own.Kill();
                // The signal ends the process at its next chance; until then this thread must not go on.
                Thread.Sleep(s_killDeadline);
                throw new UnreachableException("SIGKILL has not ended this process");
            case FaultAction.Stop:
                _ = Kill(Environment.ProcessId, StopSignal);
                break;
            case FaultAction.Slow:
                break;
            default:
                throw new UnreachableException();
        }
    }

    [DllImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}

/// <summary>Ordered by <see cref="FaultAction.Throw"/>.</summary>
public sealed class FaultException : Exception
{
    public FaultException()
    {
    }

    public FaultException(string message)
        : base(message)
    {
    }

    public FaultException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
