using System.Numerics.Tensors;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.ParameterServers.Tests;

/// <summary>
/// A model of several slices and two sparse tables, and what five shards compute of it: numbers that depend on the
/// parameters and rows they are computed of, so that what is stale or in the wrong place shows in the bits.
/// </summary>
internal sealed class ServerCase
{
    public const int Shards = 5;

    private readonly Dictionary<(int Version, int Shard), StepGradients> _noise = [];
    private readonly JobFile _job;

    /// <param name="scope">Trunk: the workers hold the gradients of table rows until the tasks are weighed.</param>
    /// <param name="clips">Whether the norm of the whole update is measured, of combined gradients, too.</param>
    /// <param name="compression">Null: gradients travel as they are.</param>
    /// <param name="words">Rows of the dense table: what makes slices.</param>
    public ServerCase(
        bool perTask, Architecture architecture = Architecture.Mmoe, WeightingScope scope = WeightingScope.All, bool clips = false,
        string optimizer = "{kind: adam, learningRate: 0.01}", CompressionSettings? compression = null, int words = 4000)
    {
        IsPerTask = perTask;
        _job = JobFileReader.Parse(
            $$"""
            name: servers
            seed: 7
            data: {train: train.csv, shards: {{Shards}}, shardBy: user}
            features:
              - {name: user, kind: categorical, dim: 6}
              - {name: item, kind: categorical, dim: 3}
              - {name: word, kind: categorical, dim: 40}
            tasks:
              - {name: click, kind: binary, label: click}
              - {name: cart, kind: binary, label: cart}
              - {name: rating, kind: regression, label: rating, learningRate: 0.02}
            model: {experts: 2, expert: [6], tower: [3]}
            optimizer: {{optimizer}}
            weighting: {scope: {{(scope == WeightingScope.All ? "all" : "trunk")}}}
            """,
            "job.yaml", "/", clips ? ["optimizer.clipNorm=1"] : [], WeightingTable.Descriptions, checkFiles: false).Job!;
        if (compression is not null)
            _job = _job with { Training = _job.Training with { Compression = compression } };
        var inputs = new ModelInputs(
            DenseWidth: 2,
            Tables: [new("user", 400, 6) { IsSparse = true }, new("item", 150, 3) { IsSparse = true }, new("word", words, 40)],
            Lookups: [new("user", 0, false), new("item", 1, false), new("word", 2, false)],
            Tasks: [new("click", TaskKind.Binary, 1, -1), new("cart", TaskKind.Binary, 1, -1), new("rating", TaskKind.Regression, 1, -1)]);
        Blueprint = ModelBlueprint.Create(_job.Model with { Architecture = architecture }, inputs);
        First_P = InitialParameters.Draw(Blueprint.Layout, _job.Seed);
    }

    public bool IsPerTask { get; }

    public ModelBlueprint Blueprint { get; }

    public int Tasks => _job.Tasks.Count;

    public float[] First_P { get; }

    /// <summary>All rows of all tables.</summary>
    public RowLists AllRows { get; } = new([[.. Enumerable.Range(0, 400)], [.. Enumerable.Range(0, 150)]]);

    public ServerShape Shape(int servers) => ServerShape.Of(
        _job with { Training = _job.Training with { ParameterServers = new(servers, ServerPlacement.Coordinator) } }, Blueprint, generation: 3, IsPerTask);

    /// <summary>The state before the first step, with memory of its own.</summary>
    public ServerState State() => ServerState.Create(_job, Blueprint, [.. First_P]);

    /// <summary>N_t of a step; a task has no label in one of them.</summary>
    public static long[] CountsOf(int version) => [41 + version, version == 1 ? 0 : 17, 29];

    /// <summary>A decision that the bits of the reports go into.</summary>
    /// <param name="rows">Of rows that were held; null: they are in the total, or not there yet.</param>
    public UpdateOrder Decide(int version, GradientProducts total, GradientProducts? rows = null)
    {
        var counts_T = CountsOf(version);
        double[]? weights_T = null;
        if (IsPerTask)
        {
            var gramian = total.ToGramian(GradientCombiner.MeanScales(counts_T));
            weights_T = [.. Enumerable.Range(0, Tasks).Select(task => 1 / (1 + gramian[task, task]))];
        }
        var norm = total.Norm(weights_T is null ? null : new TaskCoefficients(weights_T, counts_T));
        if (rows is not null)
            norm = Math.Sqrt(norm * norm + rows.Norm(null) * rows.Norm(null));
        return new UpdateOrder(Lane: 0, version, version + 1, weights_T, null, counts_T, RateFactor: 1 - 0.1 * version, ClipFactor: (float)(0.9 / (1 + norm)));
    }

    /// <summary>The rows that a subtree touches in a step.</summary>
    public RowLists RowsOf(int version, TreeNode node)
    {
        var range = node.Shards(Shards);
        return Enumerable.Range(range.Start, range.Count).Select(shard => Noise(version, shard).Rows.Rows).Aggregate(RowLists.Union);
    }

    /// <summary>A subtree's gradients.</summary>
    /// <param name="values">Of the rows of the subtree.</param>
    public StepGradients Gradients(int version, TreeNode node, float[] parameters_P, ReadOnlyMemory<float> values)
    {
        var (range, rows) = (node.Shards(Shards), RowsOf(version, node));
        var reducer = new TreeReducer<StepGradients>(Shards, (left, right) => StepGradients.Add(Shape(1).ComputedTables, left, right));
        for (var shard = range.Start; shard < range.End; shard++)
            reducer.Add(TreeNode.Leaf(shard), OfShard(Noise(version, shard), parameters_P, rows, values.Span));
        return reducer.Pending.Single().Sum;
    }

    /// <summary>The gradients of a subtree's rows as its worker holds them.</summary>
    /// <param name="values">As of <see cref="Gradients"/>.</param>
    public HeldRows Held(int version, TreeNode node, float[] parameters_P, ReadOnlyMemory<float> values)
    {
        var (range, rows, tables) = (node.Shards(Shards), RowsOf(version, node), Shape(1).ComputedTables);
        var held = new HeldRows(tables, rows, Shards);
        for (var shard = range.Start; shard < range.End; shard++)
        {
            var ofShard = OfShard(Noise(version, shard), parameters_P, rows, values.Span).Rows;
            var spread = new float[tables.GradientsLength(rows)];
            RowMerge.Of(ofShard.Rows, rows).Add(tables, ofShard.Gradients, new float[spread.Length], spread);
            held.Add(shard, spread);
        }
        return held;
    }

    private StepGradients OfShard(StepGradients noise, float[] parameters_P, RowLists rows, ReadOnlySpan<float> values)
    {
        var (flat, shared) = (noise.Flat.ToArray(), Blueprint.Layout.SharedLength);
        var shift = flat.Length - parameters_P.Length;
        for (var k = 0; k < flat.Length; k++)
            flat[k] += 0.1f * parameters_P[k < shift + shared ? k % shared : k - shift];

        var (gradients, tables, at, start) = (noise.Rows.Gradients.ToArray(), Shape(1).ComputedTables, 0, 0);
        foreach (var table in tables.Tables)
        {
            var list = rows.Lists[table.RowList];
            foreach (var row in noise.Rows.Rows.Lists[table.RowList])
            {
                var place = Array.BinarySearch(list, row);
                for (var k = 0; k < tables.Copies(table) * table.Dim; k++, at++)
                    gradients[at] += 0.1f * values[start + place * table.Dim + k % table.Dim];
            }
            start += list.Length * table.Dim;
        }
        return new StepGradients(flat, new RowSum(noise.Rows.Rows, gradients));
    }

    private StepGradients Noise(int version, int shard)
    {
        lock (_noise)
        {
            if (_noise.TryGetValue((version, shard), out var noise))
                return noise;
            var random = new StableRandom(StableHash.Mix(11, (ulong)version, (ulong)shard));
            var rows = new RowLists([Some(400, 30), Some(150, 20)]);
            return _noise[(version, shard)] = new StepGradients(Values(Shape(1).Gradient.Length), new RowSum(rows, Values(Shape(1).ComputedTables.GradientsLength(rows))));

            int[] Some(int bound, int count)
            {
                var numbers = new int[count];
                foreach (ref var number in numbers.AsSpan())
                    number = random.Next(bound);
                return RowLists.Distinct(numbers);
            }

            float[] Values(int length)
            {
                var values = new float[length];
                foreach (ref var value in values.AsSpan())
                    value = (float)(random.NextDouble() * 2 - 1);
                return values;
            }
        }
    }
}

/// <summary>The gradients of a subtree.</summary>
/// <param name="Flat">Of the flat parameters.</param>
internal sealed record StepGradients(float[] Flat, RowSum Rows)
{
    /// <summary>As a worker adds up its shards: left + right.</summary>
    public static StepGradients Add(TableShape tables, StepGradients left, StepGradients right)
    {
        var merge = RowMerge.Of(left.Rows.Rows, right.Rows.Rows);
        var (flat, rows) = (new float[left.Flat.Length], new float[tables.GradientsLength(merge.Union)]);
        TensorPrimitives.Add(left.Flat, right.Flat, flat);
        merge.Add(tables, left.Rows.Gradients, right.Rows.Gradients, rows);
        return new StepGradients(flat, new RowSum(merge.Union, rows));
    }
}
