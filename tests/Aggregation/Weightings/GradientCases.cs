using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tests.Weightings;

/// <summary>Jacobians of every rank, scale and temper, for properties that hold for all of them.</summary>
internal static class GradientCases
{
    public static IEnumerable<double[][]> All()
    {
        foreach (var scale in new[] { 1e-10, 1e-3, 1, 1e5, 1e15 })
        {
            ulong seed = 0;
            foreach (var (tasks, length) in new[] { (1, 4), (2, 3), (3, 2), (4, 9), (5, 5), (8, 20), (12, 6), (32, 40) })
            {
                foreach (var rank in new[] { 1, 2, tasks / 2, tasks })
                {
                    if (rank >= 1 && rank <= Math.Min(tasks, length))
                        yield return Random(tasks, length, rank, scale, ++seed);
                }
            }
            yield return WithZeroRow(Random(4, 6, 3, scale, 100));
            yield return WithDuplicate(Random(4, 6, 4, scale, 101));
            yield return WithOpposite(Random(4, 6, 4, scale, 102));
            yield return Spread(Random(4, 6, 4, scale, 103));
        }
    }

    public static double[][] Random(int tasks, int length, int rank, double scale, ulong seed)
    {
        var random = new StableRandom(StableHash.Mix(seed, 17));
        var basis = Enumerable.Range(0, rank).Select(_ => Normals(length, ref random)).ToArray();
        return [.. Enumerable.Range(0, tasks).Select(_ => WeightingTesting.Combine(Normals(rank, ref random), basis).Select(x => x * scale).ToArray())];
    }

    private static double[] Normals(int length, ref StableRandom random)
    {
        var values = new double[length];
        for (var i = 0; i < length; i++)
            values[i] = random.NextNormal();
        return values;
    }

    private static double[][] WithZeroRow(double[][] rows) => [rows[0], new double[rows[0].Length], .. rows[2..]];

    private static double[][] WithDuplicate(double[][] rows) => [rows[0], rows[0], .. rows[2..]];

    private static double[][] WithOpposite(double[][] rows) => [rows[0], [.. rows[0].Select(x => -x)], .. rows[2..]];

    private static double[][] Spread(double[][] rows) => [.. rows.Select((row, t) => row.Select(x => x * Math.Pow(10, 3 * t - 4)).ToArray())];
}
