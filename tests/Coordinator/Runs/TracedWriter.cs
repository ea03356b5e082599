using System.Diagnostics;
using System.Text.RegularExpressions;
using DistMtl.CheckpointWriter;
using DistMtl.Coordinator.Runs;

namespace DistMtl.Coordinator.Tests.Runs;

/// <summary>One call to the operating system.</summary>
/// <param name="Ordinal">1 for the first of that name in the process.</param>
/// <param name="Result">What it returned.</param>
internal sealed record SystemCall(string Name, int Ordinal, string Text, long Result);

/// <summary>
/// The checkpoint writer under strace, on a run of its own that has the first of <see cref="SomeCheckpoints"/>: which calls its
/// main thread makes that change or open a file, with one of them killed, failed or faked.
/// </summary>
internal sealed partial class TracedWriter : IDisposable
{
    /// <summary>The exit code of who was killed by SIGKILL.</summary>
    public const int Killed = 137;

    private const string Calls =
        "?open,openat,?creat,write,pwrite64,?writev,?pwritev,fsync,fdatasync,?rename,renameat,?renameat2,?link,linkat,?mkdir,mkdirat,?unlink,unlinkat,?rmdir,ftruncate,?fallocate";

    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);

    private readonly ScratchDirectory _scratch = new();
    private readonly RunDirectory _run;

    public TracedWriter()
    {
        _run = RunDirectory.Create("census", _scratch.PathOf("run"), TimeProvider.System);
        _run.WriteJob("name: census\n");
        Store = new CheckpointStore(_run);
        Store.Write(SomeCheckpoints.First());
    }

    public CheckpointStore Store { get; }

    public int ExitCode { get; private set; }

    public string Output { get; private set; } = "";

    private string LogPath => _scratch.PathOf("strace.log");

    /// <summary>A reason to skip; null: there is none.</summary>
    public static string? Missing()
    {
        try
        {
            var (exitCode, output) = Run("strace", ["-f", "--seccomp-bpf", "-qq", "-e", "trace=none", "true"]);
            return exitCode == 0 ? null : $"strace cannot trace here: {output}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "strace is not installed";
        }
    }

    /// <param name="fault">As strace's <c>inject</c> has it; null: nothing goes wrong.</param>
    /// <param name="kept">Checkpoints that are kept.</param>
    public void Write(SystemCall? call = null, string? fault = null, int kept = 1)
    {
        string[] inject = call is null ? [] : ["-e", $"inject={call.Name}:{fault}:when={call.Ordinal}"];
        var writer = Path.Combine(AppContext.BaseDirectory, "checkpoint-writer");
        // With a filter in the kernel it takes half the time, but strace sends no signals then. Each thread's calls are counted for themselves.
        string[] filter = fault?.StartsWith("signal", StringComparison.Ordinal) == true ? [] : ["--seccomp-bpf"];
        (ExitCode, Output) = Run("strace", ["-f", .. filter, "-qq", "-o", LogPath, "-e", $"trace={Calls}", .. inject, writer, _run.Root, $"{kept}"]);
    }

    /// <summary>Of the last <see cref="Write"/>: those after the mark, behind which the checkpoint is written.</summary>
    public IReadOnlyList<SystemCall> CallsOfCheckpoint()
    {
        var ordinals = new Dictionary<string, int>();
        List<SystemCall> calls = [];
        var lines = Line().Matches(File.ReadAllText(LogPath));
        foreach (var match in lines.Where(line => line.Groups["thread"].Value == lines[0].Groups["thread"].Value))
        {
            var (name, text) = (match.Groups["name"].Value, match.Value);
            var ordinal = ordinals[name] = ordinals.GetValueOrDefault(name) + 1;
            calls.Add(new SystemCall(name, ordinal, text, match.Groups["result"].Success ? long.Parse(match.Groups["result"].Value, System.Globalization.CultureInfo.InvariantCulture) : -1));
        }
        var mark = calls.FindIndex(call => call.Text.Contains($"/{SomeCheckpoints.Mark}\"", StringComparison.Ordinal));
        Assert.True(mark > 0, $"no mark in what the writer has done:\n{Output}");
        // What ends the process comes behind the removal of the first checkpoint.
        return calls[(mark + 1)..(1 + calls.FindLastIndex(call => call.Text.Contains(_run.CheckpointsPath, StringComparison.Ordinal)))];
    }

    /// <summary>Whether the fault was one behind the mark.</summary>
    public bool HasFault => Directory.Exists(Path.Combine(_run.Root, SomeCheckpoints.Mark))
        && (ExitCode == Killed || File.ReadAllText(LogPath).Contains("(INJECTED)", StringComparison.Ordinal));

    /// <summary>What whoever resumes gets: the step, after it was compared with what was written; null: nothing.</summary>
    public int? Resume()
    {
        if (Store.FindLatest(_ => { }) is not { } latest)
            return null;
        var content = Checkpoint.Read(latest);
        Assert.Equal(SomeCheckpoints.TextOf(content.Step), SomeCheckpoints.TextOf(content));
        return content.Step;
    }

    /// <summary>Whether there is anything beside whole checkpoints.</summary>
    public bool HasLeftovers => Directory.EnumerateFileSystemEntries(_run.CheckpointsPath).Any(path => !Folder().IsMatch(path));

    public void Dispose() => _scratch.Dispose();

    private static (int ExitCode, string Output) Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // It is over before better code of loops would pay.
            Environment = { ["DOTNET_TC_QuickJitForLoops"] = "1" },
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(s_deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)}");
        }
        return (process.ExitCode, output.Result + errors.Result);
    }

    [GeneratedRegex(@"^(?<thread>\d+) +(?<name>\w+)\(.*?(?:\) += (?<result>-?\d+).*)?$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"/step-\d+\z")]
    private static partial Regex Folder();
}
