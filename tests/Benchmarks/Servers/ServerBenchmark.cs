using System.Diagnostics;

namespace DistMtl.Benchmarks.Servers;

/// <summary>Bytes per second of a parameter server's arithmetic over those of a memory copy, with one thread and with all.</summary>
internal static class ServerBenchmark
{
    /// <summary>Half of what a copy does: one pass over memory reaches it, two do not.</summary>
    private const double Bar = 0.5;

    /// <summary>In turns, so that what else the machine does falls on all alike.</summary>
    public static IReadOnlyList<BarLine> Run(int parameters, int rounds)
    {
        var copy = new MemoryCopy(parameters);
        var lines = new List<BarLine>();
        foreach (var tasks in new[] { 1, 2 })
        {
            var workload = new SliceWorkload(parameters, tasks);
            foreach (var threads in new[] { 1, Environment.ProcessorCount }.Distinct())
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
                var what = $"{(tasks == 1 ? "1 task, combined" : $"{tasks} tasks")}, {threads} {(threads == 1 ? "thread" : "threads")}";
                lines.Add(BarLine.Of($"parameter server: sum, combine and Adam / memory copy, {what}", updates, Bar));
                lines.Add(BarLine.Of($"parameter server: products / memory copy, {what}", products, null));
            }
        }
        return lines;
    }

    private static double Speed(long bytes, Action action)
    {
        var began = Stopwatch.GetTimestamp();
        action();
        return bytes / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
