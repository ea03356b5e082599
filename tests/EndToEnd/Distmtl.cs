using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace DistMtl.EndToEnd.Tests;

/// <summary>A real <c>distmtl</c> (or worker) process.</summary>
internal sealed partial class Distmtl : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private Distmtl(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int ProcessId => _process.Id;

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    public bool HasExited => _process.HasExited;

    public static Distmtl Start(params string[] arguments) => Start("CoordinatorPath", [], [], arguments);

    /// <param name="variables">Of its environment, beside those that there are.</param>
    public static Distmtl StartWith(Dictionary<string, string> variables, params string[] arguments) => Start("CoordinatorPath", [], variables, arguments);

    /// <param name="prefix">What runs the program, such as on another host; empty: nothing does.</param>
    public static Distmtl StartIn(string[] prefix, params string[] arguments) => Start("CoordinatorPath", prefix, [], arguments);

    public static Distmtl StartIn(string[] prefix, Dictionary<string, string> variables, string[] arguments) => Start("CoordinatorPath", prefix, variables, arguments);

    public static Distmtl StartWorker(params string[] arguments) => Start("WorkerPath", [], [], arguments);

    public static Distmtl StartWorkerIn(string[] prefix, params string[] arguments) => Start("WorkerPath", prefix, [], arguments);

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        await using var distmtl = Start(arguments);
        var exitCode = await distmtl.WaitAsync();
        return (exitCode, distmtl.Output, distmtl.Errors);
    }

    public Task<int> WaitAsync() => WaitAsync(Deadline);

    /// <summary>For a long test.</summary>
    public Task<int> WaitLongAsync() => WaitAsync(TimeSpan.FromMinutes(30));

    private async Task<int> WaitAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"still running after {limit.TotalMinutes} minutes:\n{Output}\n{Errors}");
        }
        return _process.ExitCode;
    }

    /// <summary>Waits until the output holds a text.</summary>
    public async Task WaitForAsync(string text)
    {
        var clock = Stopwatch.StartNew();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited)
            {
                // Its last lines may still be on their way.
                await _process.WaitForExitAsync();
                if (!Output.Contains(text, StringComparison.Ordinal))
                    throw new TimeoutException($"ended with exit code {_process.ExitCode} without '{text}':\n{Output}\n{Errors}");
            }
            if (clock.Elapsed > Deadline)
                throw new TimeoutException($"no '{text}' in:\n{Output}\n{Errors}");
            await Task.Delay(20);
        }
    }

    public void Signal(PosixSignal signal) => _ = Kill(_process.Id, signal == PosixSignal.SIGINT ? 2 : 15);

    /// <summary>Whether SIGSTOP keeps the process from doing anything.</summary>
    public static bool IsStopped(int pid) => File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].StartsWith('T');

    /// <summary>SIGCONT.</summary>
    public static void Continue(int pid) => _ = Kill(pid, 18);

    /// <summary>kill -9 of this process alone; its children are on their own.</summary>
    public void Kill() => _process.Kill(entireProcessTree: false);

    /// <summary>Worker processes of this one that are alive.</summary>
    public IReadOnlyList<int> Children() =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _))
            .Select(name => int.Parse(name!, System.Globalization.CultureInfo.InvariantCulture)).Where(pid => ParentOf(pid) == _process.Id)];

    public static bool IsAlive(int pid) => ParentOf(pid) is not null;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private static Distmtl Start(string which, string[] prefix, Dictionary<string, string> variables, string[] arguments)
    {
        var relative = typeof(Distmtl).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == which).Value!;
        string[] command = [.. prefix, Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, relative)), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
            // A short run is mostly compilation, and the better code of loops comes too late for it.
            Environment = { ["DOTNET_TC_QuickJitForLoops"] = "1" },
        };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return new Distmtl(Process.Start(start)!);
    }

    /// <summary>Null where there is no such process (or only its remains).</summary>
    private static int? ParentOf(int pid)
    {
        try
        {
            var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ');
            return fields[0] == "Z" ? null : int.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
            text.AppendLine(line);
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
