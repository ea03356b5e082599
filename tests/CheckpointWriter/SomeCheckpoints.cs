using System.Text.Json;
using System.Text.Json.Serialization;
using DistMtl.Aggregation.Tables;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.CheckpointWriter;

/// <summary>Two checkpoints of one run, the same in every process, with everything that a checkpoint can hold.</summary>
internal static class SomeCheckpoints
{
    public const int FirstStep = 40;
    public const int SecondStep = 42;

    /// <summary>A folder that the writer makes in the run's just before it writes the second one there.</summary>
    public const string Mark = "begun";

    private static readonly JsonSerializerOptions s_options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public static CheckpointContent First() => Content(FirstStep) with { Tables = [.. TablesAt(FirstStep).Select(table => table.TakeChanges())] };

    /// <summary>On top of the first.</summary>
    public static CheckpointContent Second()
    {
        var tables = TablesAt(FirstStep);
        foreach (var table in tables)
            table.TakeChanges();
        Train(tables, FirstStep + 1, SecondStep);
        return Content(SecondStep) with { Tables = [.. tables.Select(table => table.TakeChanges())], TablesSince = FirstStep };
    }

    /// <summary>What is read back from the checkpoint of a step, as a text: equal texts are equal bits.</summary>
    public static string TextOf(int step) => TextOf(Content(step) with { Tables = [.. TablesAt(step).Select(table => table.Snapshot())] });

    public static string TextOf(CheckpointContent content) => JsonSerializer.Serialize(content, s_options);

    private static CheckpointContent Content(int step)
    {
        var layout = ParameterLayout.Create(
        [
            new ParameterEntry("embedding.user_id", [6, 4], 0, null, Initializer.Normal, 0.01f),
            new ParameterEntry("tower.click.weight", [1, 4], 0, 0, Initializer.Uniform, 0.7f),
            new ParameterEntry("tower.click.bias", [1], 0, 0, Initializer.Constant, 0),
        ]);
        return new CheckpointContent(
            "name: census\nseed: 7\n", 7, """{"features": []}""", step, 2, layout,
            Numbers(step, layout.Length), step,
            new Dictionary<string, float[]> { ["exp_avg"] = Numbers(step + 1, layout.Length), ["exp_avg_sq"] = Numbers(step + 2, layout.Length) },
            new Dictionary<string, double[]> { ["logVariances"] = [0.1 * step, -1.0 / 3] },
            1024 * step, 0.5 * step, new EarlyStoppingState(0.78, FirstStep, 1), Ledger.Create([5, 7]).Add(1, 0, 5).Add(1, 1, 7).ToRows(), [])
        {
            WeightingRows_TS = new Dictionary<string, float[]> { ["averages"] = Numbers(step + 3, 2 * layout.SharedLength) },
            ShardStates = new Dictionary<string, float[]> { ["shard-0/residual"] = Numbers(step + 4, 9) },
        };
    }

    private static RowTable[] TablesAt(int step)
    {
        RowTable[] tables =
        [
            new(new TableEntry("embedding.user", 500, 3, null, 0.05f), 9, Settings(RowOptimizerKind.Adam) with { Admission = 2, Expiry = 30 }),
            new(new TableEntry("embedding.item", 500, 4, null, 0.05f), 9, Settings(RowOptimizerKind.RowwiseAdagrad)),
        ];
        Train(tables, 1, step);
        return tables;
    }

    private static void Train(RowTable[] tables, int first, int last)
    {
        for (var step = first; step <= last; step++)
        {
            var random = new StableRandom((ulong)step);
            var rows = RowLists.Distinct([.. Enumerable.Range(0, 6).Select(_ => random.Next(200))]);
            foreach (var table in tables)
                table.Update(rows, [.. Enumerable.Range(0, rows.Length * table.Entry.Dim).Select(_ => (float)random.NextNormal())], step, 1);
        }
    }

    private static float[] Numbers(int seed, int count)
    {
        var random = new StableRandom((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
    }

    private static RowSettings Settings(RowOptimizerKind kind) => new(kind, 0.05, 0, false, 0.9, 0.99, 1e-8);
}
