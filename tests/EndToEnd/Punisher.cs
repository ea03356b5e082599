using System.Diagnostics;

namespace DistMtl.EndToEnd.Tests;

/// <summary>
/// A service of some coordinators and workers in which, at random by a seed, one process after another is killed (SIGKILL) and, a
/// moment later, started again as a supervisor would.
/// </summary>
internal sealed class Punisher : IAsyncDisposable
{
    private static readonly TimeSpan s_restartDelay = TimeSpan.FromSeconds(1);

    private readonly Coordinator[] _coordinators;
    private readonly Distmtl[] _processes;
    private readonly Random _random;

    private Punisher(Coordinator[] coordinators, int workers, int seed) =>
        (_coordinators, _processes, _random) = (coordinators, new Distmtl[coordinators.Length + workers], new Random(seed));

    /// <summary>Who was killed, and when.</summary>
    public List<string> Log { get; } = [];

    public int Kills => Log.Count;

    /// <summary>As <c>--to</c> takes it.</summary>
    public string Http => string.Join(',', _coordinators.Select(coordinator => coordinator.Http));

    public static async Task<Punisher> StartAsync(TemporaryFolder folder, int coordinators, int workers, int seed)
    {
        var all = Enumerable.Range(0, coordinators).Select(_ => new Coordinator(folder, $"sqlite:{folder["jobs.db"]}")).ToArray();
        var punisher = new Punisher(all, workers, seed);
        for (var i = 0; i < punisher._processes.Length; i++)
            await punisher.StartAsync(i);
        return punisher;
    }

    /// <summary>Kills one process after another until a task is done.</summary>
    public async Task PunishAsync(TimeSpan interval, Task until)
    {
        var clock = Stopwatch.StartNew();
        while (await Task.WhenAny(until, Task.Delay(interval)) != until)
        {
            var victim = _random.Next(_processes.Length);
            Log.Add($"{clock.Elapsed.TotalSeconds:0.0} s: {(victim < _coordinators.Length ? $"coordinator {victim}" : $"worker {victim - _coordinators.Length}")}");
            _processes[victim].Kill();
            await Task.WhenAny(until, Task.Delay(s_restartDelay));
            await _processes[victim].DisposeAsync();
            await StartAsync(victim);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
    }

    private async Task StartAsync(int index) => _processes[index] = index < _coordinators.Length
        ? await _coordinators[index].StartAsync(_coordinators.Length == 1 ? [] : _coordinators)
        : Coordinator.StartWorker(_coordinators);
}
