using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Cluster;

/// <summary>
/// Worker processes that this coordinator starts beside itself and that never outlive it: each holds the other end of a
/// pipe, which the kernel closes when this process ends, however it ends.
/// </summary>
internal sealed class LocalWorkers : IAsyncDisposable
{
    /// <summary>Names a worker executable other than the one that was built with this program.</summary>
    public const string WorkerVariable = "DISTMTL_WORKER";

    private const int ErrorLinesKept = 20;

    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(3);

    /// <summary>Between a lost connection and the news of its process's end.</summary>
    private static readonly TimeSpan SignDelay = TimeSpan.FromSeconds(1);

    private readonly List<Process> _processes = [];
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Lock _gate = new();
    private volatile bool _ending;
    private TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WorkerLostException? _lastExit;
    private int _alive;

    /// <summary>Processes that have not ended.</summary>
    public int Alive => Volatile.Read(ref _alive);

    /// <summary>Completes when fewer processes than so many are alive, however early that is.</summary>
    /// <returns>How the last one ended.</returns>
    public async Task<WorkerLostException> ExitAsync(int alive)
    {
        while (true)
        {
            Task exited;
            lock (_gate)
            {
                if (_alive < alive && _lastExit is not null)
                    return _lastExit;
                exited = _exited.Task;
            }
            await exited;
        }
    }

    /// <exception cref="JobException">The worker program is not there, or does not start.</exception>
    /// <param name="tls">By which they prove that they are this coordinator's; they share its certificate.</param>
    public static LocalWorkers Start(int count, string joinAddress, TlsSettings? tls)
    {
        var workers = new LocalWorkers();
        var executable = FindExecutable();
        workers._alive = count;
        for (var i = 0; i < count; i++)
            workers._processes.Add(workers.Start(i, executable, joinAddress, tls));
        return workers;
    }

    public async ValueTask DisposeAsync()
    {
        _ending = true;
        foreach (var process in _processes)
            process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(ExitDeadline);
        foreach (var process in _processes)
        {
            try
            {
                await process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
            process.Dispose();
        }
    }

    private Process Start(int index, string executable, string joinAddress, TlsSettings? tls)
    {
        var start = new ProcessStartInfo(executable)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // libtorch's own pools: one worker is one core, whatever the machine has.
            Environment = { ["OMP_NUM_THREADS"] = "1", ["MKL_NUM_THREADS"] = "1", [FaultPlan.NodeVariable] = string.Create(CultureInfo.InvariantCulture, $"worker-{index}") },
        };
        foreach (var argument in (string[])["--join", joinAddress, "--host", "127.0.0.1", "--exit-with-parent", .. Arguments(tls)])
            start.ArgumentList.Add(argument);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new JobException($"the worker program {executable} does not start: {e.Message}", ExitCode.Failure, e);
        }
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => Exited(process);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    private static string[] Arguments(TlsSettings? tls) =>
        tls is null ? [] : ["--tls-ca", tls.AuthorityPath, "--tls-cert", tls.CertificatePath, "--tls-key", tls.KeyPath];

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        _errors.Enqueue(line);
        while (_errors.Count > ErrorLinesKept)
            _errors.TryDequeue(out _);
    }

    private void Exited(Process process)
    {
        if (_ending)
            return;
        // Without this the last words may still be on their way.
        process.WaitForExit();
        var words = _errors.IsEmpty ? "" : "; its last words: " + string.Join(" | ", _errors);
        lock (_gate)
        {
            _lastExit = new WorkerLostException(
                string.Create(CultureInfo.InvariantCulture, $"process (pid {process.Id})"), string.Create(CultureInfo.InvariantCulture, $"ended with exit code {process.ExitCode}{words}"));
            _alive--;
            _exited.TrySetResult();
            _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>How the process ended that was the last to do so, with what it said; null: none has, or not soon enough to tell.</summary>
    public async Task<string?> LastExitAsync()
    {
        await ((Task)ExitAsync(_processes.Count).WaitAsync(SignDelay)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
            return _lastExit?.Message;
    }

    /// <summary>Published: in <c>worker/</c> beside the program. Built from source: where the build put it.</summary>
    private static string FindExecutable()
    {
        if (Environment.GetEnvironmentVariable(WorkerVariable) is { Length: > 0 } named)
            return File.Exists(named) ? named : throw new JobException($"{WorkerVariable} names {named}, which is not there");
        var built = typeof(LocalWorkers).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "WorkerPath")?.Value;
        string?[] candidates =
        [
            Path.Combine(AppContext.BaseDirectory, "worker", "distmtl-worker"),
            built is null ? null : Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, built)),
        ];
        return candidates.FirstOrDefault(File.Exists) ?? throw new JobException(
            $"the worker program is not beside this one ({string.Join(" or ", candidates.OfType<string>())}); set {WorkerVariable} to its path",
            ExitCode.Failure);
    }
}
