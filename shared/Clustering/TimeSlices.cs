using System.Runtime.InteropServices;

namespace DistMtl.Clustering;

/// <summary>
/// Asks the system to let a thread of this process compute for long before another has its turn. By default Linux changes
/// every 3 ms where there are more threads than cores, in the midst of a matrix product, and what that had in the cache is
/// gone: with two workers and their coordinator on two cores a step took 11 % longer.
/// </summary>
public static class TimeSlices
{
    /// <summary>The longest slice that Linux gives to a thread of the normal policy.</summary>
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(100);

    /// <summary>SCHED_OTHER of &lt;sched.h&gt;.</summary>
    private const int NormalPolicy = 0;

    /// <summary>PRIO_PROCESS of &lt;sys/resource.h&gt;.</summary>
    private const int OfProcess = 0;

    /// <summary>
    /// For this thread and those that it makes, so call it first of all. Linux heeds it from 6.12 on; where it is refused,
    /// or not known, all stays as it is.
    /// </summary>
    public static void Lengthen()
    {
        if (!OperatingSystem.IsLinux() || CallNumber is not { } number || GetPolicy(0) != NormalPolicy)
            return;
        var attributes = new Attributes { Size = (uint)Marshal.SizeOf<Attributes>(), Policy = NormalPolicy, Nice = GetPriority(OfProcess, 0), Runtime = (ulong)s_slice.TotalNanoseconds };
        _ = SetAttributes(number, 0, ref attributes, 0);
    }

    /// <summary>Of sched_setattr, for which the C library has no function.</summary>
    private static int? CallNumber => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 314,
        Architecture.Arm64 => 274,
        _ => null,
    };

    [DllImport("libc", EntryPoint = "sched_getscheduler")]
    private static extern int GetPolicy(int thread);

    [DllImport("libc", EntryPoint = "getpriority")]
    private static extern int GetPriority(int which, int who);

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern nint SetAttributes(nint number, int thread, ref Attributes attributes, uint flags);

    /// <summary>struct sched_attr of &lt;linux/sched/types.h&gt;, its first version.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
