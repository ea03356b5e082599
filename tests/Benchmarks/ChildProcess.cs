using System.Collections.Concurrent;
using System.Diagnostics;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks;

/// <summary>A measured process: one core's libtorch, a deadline, and its words when it fails. Dispose ends it.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int ErrorLinesKept = 10;

    /// <summary>Of a process of which nothing else is said.</summary>
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _deadline;
    private readonly TimeSpan _time;

    private ChildProcess(ProcessStartInfo start, TimeSpan time, CancellationToken cancellation)
    {
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new JobException($"{start.FileName} does not start: {e.Message}", ExitCode.Failure, e);
        }
        _cancellation = cancellation;
        _deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _time = time;
        _deadline.CancelAfter(time);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <param name="deadline">For its end.</param>
    /// <param name="variables">Of its environment, beside this process's; null: none.</param>
    /// <exception cref="JobException">The program does not start.</exception>
    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, CancellationToken cancellation, TimeSpan? deadline = null, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // The pools of libtorch and of its BLAS: one process of a contestant is one core.
            Environment = { ["OMP_NUM_THREADS"] = "1", ["MKL_NUM_THREADS"] = "1", ["OPENBLAS_NUM_THREADS"] = "1" },
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ChildProcess(start, deadline ?? DefaultDeadline, cancellation);
    }

    /// <summary>Starts a program and waits for its end.</summary>
    /// <returns>The lines of its standard output.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellation, Dictionary<string, string>? variables = null)
    {
        await using var child = Start(program, arguments, cancellation, variables: variables);
        return await child.FinishAsync();
    }

    /// <exception cref="JobException">The process ended without a line, or none came before the deadline.</exception>
    public async Task<string> ReadLineAsync()
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync(_deadline.Token) ?? throw await FailureAsync("ended early");
        }
        catch (OperationCanceledException)
        {
            throw await GiveUpAsync();
        }
    }

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Reads to the end.</summary>
    /// <exception cref="JobException">It failed, or did not end before its deadline.</exception>
    public async Task<IReadOnlyList<string>> FinishAsync()
    {
        try
        {
            var output = await _process.StandardOutput.ReadToEndAsync(_deadline.Token);
            await _process.WaitForExitAsync(_deadline.Token);
            return _process.ExitCode == 0
                ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                : throw await FailureAsync("failed");
        }
        catch (OperationCanceledException)
        {
            throw await GiveUpAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        _process.Dispose();
        _deadline.Dispose();
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        _errors.Enqueue(line.Trim());
        while (_errors.Count > ErrorLinesKept)
            _errors.TryDequeue(out _);
    }

    /// <exception cref="OperationCanceledException">It was the user who gave up.</exception>
    private async Task<JobException> GiveUpAsync()
    {
        _process.Kill(entireProcessTree: true);
        _cancellation.ThrowIfCancellationRequested();
        return await FailureAsync($"was ended after {_time.TotalMinutes:0} min");
    }

    private async Task<JobException> FailureAsync(string what)
    {
        // Without this the last words may still be on their way.
        await _process.WaitForExitAsync(CancellationToken.None);
        var command = string.Join(' ', _process.StartInfo.ArgumentList.Prepend(_process.StartInfo.FileName));
        return new JobException(
            $"'{command}' {what} (exit code {_process.ExitCode}){(_errors.IsEmpty ? "" : "; its last words: " + string.Join(" | ", _errors))}", ExitCode.Failure);
    }
}
