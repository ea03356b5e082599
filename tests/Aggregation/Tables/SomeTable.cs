using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Tables;

/// <summary>Small tables, and touches of their rows that are a function of the step.</summary>
internal static class SomeTable
{
    public const ulong Seed = 9;

    public static readonly RowSettings Adam = Settings(RowOptimizerKind.Adam);

    public static RowSettings Settings(RowOptimizerKind kind) => new(kind, 0.05, 0.01, false, 0.9, 0.99, 1e-8);

    public static TableEntry Entry(int rows = 1000, int dim = 5, string name = "embedding.user") => new(name, rows, dim, null, 0.05f);

    public static RowTable Create(RowSettings settings, int rows = 1000, int dim = 5) => new(Entry(rows, dim), Seed, settings);

    public static float[] Read(RowTable table, params int[] rows)
    {
        var values_ND = new float[rows.Length * table.Entry.Dim];
        table.Read(rows, values_ND);
        return values_ND;
    }

    /// <summary>Gradients that are a function of step, row and element alone.</summary>
    public static float[] Gradients(int step, int dim, params int[] rows) =>
        [.. rows.SelectMany(row => Enumerable.Range(0, dim).Select(d => (float)new StableRandom(StableHash.Mix((ulong)step, (ulong)row, (ulong)d)).NextNormal()))];

    public static void Update(RowTable table, int step, params int[] rows) =>
        table.Update(rows, Gradients(step, table.Entry.Dim, rows), step, 1);

    /// <summary>The rows of a step: more often the low ones, as with ids by popularity.</summary>
    public static int[] RowsOf(int step, int rows, int draws = 40)
    {
        var random = new StableRandom((ulong)step);
        return RowLists.Distinct([.. Enumerable.Range(0, draws).Select(_ => (int)(rows * Math.Pow(random.NextDouble(), 3)))]);
    }

    public static void Run(RowTable table, int first, int last)
    {
        for (var step = first; step <= last; step++)
            Update(table, step, RowsOf(step, table.Entry.Rows));
    }

    public static void AssertEqual(TableRows expected, TableRows actual)
    {
        Assert.Equal((expected.Name, expected.Dim), (actual.Name, actual.Dim));
        // As spans, which are compared whole; only those that differ are gone through one by one.
        Assert.Equal(expected.Rows.AsSpan(), actual.Rows.AsSpan());
        Assert.Equal(expected.Values_ND.AsSpan(), actual.Values_ND.AsSpan());
        Assert.Equal(expected.State.Keys.Order(), actual.State.Keys.Order());
        Assert.All(expected.State, state => Assert.Equal(state.Value.AsSpan(), actual.State[state.Key].AsSpan()));
        Assert.Equal(expected.LastSteps_N.AsSpan(), actual.LastSteps_N.AsSpan());
        Assert.Equal(expected.Waiting.AsSpan(), actual.Waiting.AsSpan());
        Assert.Equal(expected.Touches_M.AsSpan(), actual.Touches_M.AsSpan());
        Assert.Equal(expected.WaitingLastSteps_M.AsSpan(), actual.WaitingLastSteps_M.AsSpan());
        Assert.Equal(expected.Forgotten.AsSpan(), actual.Forgotten.AsSpan());
    }
}
