using System.Diagnostics;

namespace DistMtl.Benchmarks.Servers;

/// <summary>Bytes per second of a parameter server's arithmetic over those of a memory copy, with one thread and with all.</summary>
internal static class ServerBenchmark
{
    /// <summary>Half of what a copy does: one pass over memory reaches it, two do not.</summary>
    public const double Bar = 0.5;

    private static readonly int[] s_tasks = [1, 2];

    private static readonly int[] s_threads = [.. new[] { 1, Environment.ProcessorCount }.Distinct()];

    /// <summary>What the lines with a bar say, in their order.</summary>
    public static IReadOnlyList<string> Updates { get; } = [.. s_tasks.SelectMany(tasks => s_threads.Select(threads => Update(tasks, threads)))];

    /// <summary>In turns, so that what else the machine does falls on all alike.</summary>
    public static IReadOnlyList<BarLine> Run(int parameters, int rounds)
    {
        var copy = new MemoryCopy(parameters);
        var lines = new List<BarLine>();
        foreach (var tasks in s_tasks)
        {
            var workload = new SliceWorkload(parameters, tasks);
            foreach (var threads in s_threads)
            {
                var (updates, products) = (new List<double>(rounds), new List<double>(rounds));
                // The first round warms up.
                for (var round = -1; round < rounds; round++)
                {
                    var before = Speed(copy.Bytes, () => copy.Run(threads));
                    var update = Speed(workload.UpdateBytes, () => workload.Update(threads));
                    var gramian = Speed(workload.GramianBytes, () => workload.Measure(threads));
                    var after = Speed(copy.Bytes, () => copy.Run(threads));
                    if (round >= 0)
                    {
                        updates.Add(update * 2 / (before + after));
                        products.Add(gramian * 2 / (before + after));
                    }
                }
                lines.Add(BarLine.Of(Update(tasks, threads), updates, Bar));
                lines.Add(BarLine.Of($"parameter server: products / memory copy, {Place(tasks, threads)}", products, null));
            }
        }
        return lines;
    }

    private static string Update(int tasks, int threads) => $"parameter server: sum, combine and Adam / memory copy, {Place(tasks, threads)}";

    private static string Place(int tasks, int threads) => $"{(tasks == 1 ? "1 task, combined" : $"{tasks} tasks")}, {threads} {(threads == 1 ? "thread" : "threads")}";

    private static double Speed(long bytes, Action action)
    {
        var began = Stopwatch.GetTimestamp();
        action();
        return bytes / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
