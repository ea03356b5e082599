using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Benchmarks.Tables;

/// <summary>
/// <c>tables</c>: what one step costs the storage of sparse tables, on one thread: a read and an update of 16,384 distinct
/// rows of 16 numbers, drawn anew for each step, by the number of the table's rows, all of which have been trained.
/// </summary>
internal static class TablesCommand
{
    private const int Batch = 1 << 14;
    private const int Dim = 16;
    private const int Steps = 60;
    private const int WarmUpSteps = 20;

    private static readonly int[] s_sizes = [20_000, 1_000_000, 10_000_000];

    public static Command Create()
    {
        var command = new Command("tables", "Milliseconds of a step's reads and updates of sparse tables, by their size.");
        command.SetAction(_ =>
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"draw of {Batch} untouched rows: {Untouched(),7:F2} ms"));
            Console.WriteLine($"{"rule",-16} {"rows",10} {"read ms",8} {"update ms",9} {"Mrows/s",8} {"MiB",6}");
            foreach (var kind in Enum.GetValues<RowOptimizerKind>())
            {
                foreach (var size in s_sizes)
                    Console.WriteLine(Measure(kind, size));
            }
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static RowTable Table(RowOptimizerKind kind, int rows) =>
        new(new TableEntry("embedding.id", rows, Dim, null, 0.05f), 1, new RowSettings(kind, 0.01, 0, false, 0.9, 0.999, 1e-8));

    private static double Untouched()
    {
        var table = Table(RowOptimizerKind.Adam, 100_000_000);
        var (random, values) = (new StableRandom(1), new float[Batch * Dim]);
        return Fastest(_ => Distinct(ref random, table.Entry.Rows), rows => table.Read(rows, values));
    }

    private static string Measure(RowOptimizerKind kind, int size)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var table = Table(kind, size);
        var values = new float[Batch * Dim];
        // In an order that is not that of the rows, as training comes upon them.
        var order = new StableRandom(7).Permutation(size);
        for (var i = 0; i < size; i += Batch)
        {
            var rows = order.AsSpan(i, Math.Min(Batch, size - i));
            rows.Sort();
            table.Update(rows, values.AsSpan(0, rows.Length * Dim), 1, 1);
        }
        order = [];
        var mebibytes = (GC.GetTotalMemory(forceFullCollection: true) - before) >> 20;
        var (random, step) = (new StableRandom(2), 1);
        var gradients = new float[Batch * Dim];
        foreach (ref var gradient in gradients.AsSpan())
            gradient = (float)(1e-3 * random.NextNormal());
        var read = Fastest(_ => Distinct(ref random, size), rows => table.Read(rows, values));
        var update = Fastest(_ => Distinct(ref random, size), rows => table.Update(rows, gradients, ++step, 1));
        return string.Create(CultureInfo.InvariantCulture, $"{kind,-16} {size,10} {read,8:F2} {update,9:F2} {Batch / (read + update) / 1000,8:F1} {mebibytes,6}");
    }

    private static int[] Distinct(ref StableRandom random, int size)
    {
        var chosen = new SortedSet<int>();
        while (chosen.Count < Batch)
            chosen.Add(random.Next(size));
        return [.. chosen];
    }

    /// <summary>Milliseconds of the fastest step, for what else the machine does is not the table's; the draw does not count.</summary>
    private static double Fastest(Func<int, int[]> draw, Action<int[]> act)
    {
        var fastest = double.PositiveInfinity;
        for (var step = 0; step < WarmUpSteps + Steps; step++)
        {
            var rows = draw(step);
            var began = Stopwatch.GetTimestamp();
            act(rows);
            if (step >= WarmUpSteps)
                fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return fastest;
    }
}
