using DistMtl.Aggregation;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.ParameterServers.Tests;

/// <summary>What the servers do piece by piece, beside one pass after another over the whole.</summary>
public sealed class SeparatePassesTests
{
    [Theory]
    [InlineData(true, Architecture.Mmoe, 3)]
    [InlineData(false, Architecture.Mmoe, 3)]
    [InlineData(true, Architecture.SingleTask, 2)]
    public async Task A_step_on_servers_has_the_bits_of_the_separate_passes(bool perTask, Architecture architecture, int servers)
    {
        var @case = new ServerCase(perTask, architecture);
        var outcome = await new ServerSet(@case, servers, [0, 1], [2, 3, 4]).RunAsync(order: 4);

        var (shape, state) = (@case.Shape(1), @case.State());
        foreach (var (total, version) in outcome.Totals.Select((total, version) => (total, version)))
        {
            var order = @case.Decide(version, total);
            var gradients = Whole(@case, state, version);
            var clip = (float)order.ClipFactor;
            state.Optimizer.Step(state.Parameters_P, [.. Update(shape.Gradient, gradients.Flat, order).Select(update => update * clip)], order.RateFactor);
            var offset = 0;
            for (var i = 0; i < state.Tables.Length; i++)
            {
                var (entry, rows) = (shape.Tables.Tables[i], gradients.Rows.Rows.Lists[shape.Tables.Tables[i].RowList]);
                var length = rows.Length * entry.Dim * shape.Tables.Copies(entry);
                var update = RowUpdates(entry, shape.Tables, gradients.Rows.Gradients.AsSpan(offset, length), order);
                state.Tables[i].Update(rows, [.. update.Select(value => value * clip)], version + 1, order.RateFactor);
                offset += length;
            }
        }
        Assert.Equal(SomeWorker.Bytes(state.Parameters_P), SomeWorker.Bytes(outcome.Parameters_P));
        Assert.Equal(SomeWorker.Bytes(Values(shape, state, @case.AllRows)), SomeWorker.Bytes(outcome.Rows));
    }

    [Theory]
    [InlineData(Architecture.Mmoe, 1)]
    [InlineData(Architecture.Mmoe, 7)]
    [InlineData(Architecture.SingleTask, 3)]
    public async Task Reports_add_up_to_the_Gramian_and_the_norm_of_the_whole(Architecture architecture, int servers)
    {
        var @case = new ServerCase(perTask: true, architecture);
        var set = new ServerSet(@case, servers, [0, 1, 2], [3, 4]);
        await set.BeginAsync();
        foreach (var send in set.Workers.SelectMany(worker => worker.Gradients(0)))
            await send();
        var reports = await set.ReportAsync();
        var gradients = Whole(@case, @case.State(), 0);
        var shared = Enumerable.Range(0, @case.Tasks).Select(task => Array.ConvertAll(gradients.Flat[set.Shape.Gradient.Shared(task)], x => (double)x)).ToList();
        AssertGramian(Gramian.Compute(shared), StepReport.Total([.. reports.Select(report => report with { Rows = [] })], @case.Tasks));

        var rows = DenseRows(set.Shape.Tables, gradients.Rows, @case.Tasks);
        AssertGramian(Gramian.Compute([.. shared.Select((flat, task) => flat.Concat(rows[task]).ToArray())]), StepReport.Total(reports, @case.Tasks));

        var order = @case.Decide(0, StepReport.Total(reports, @case.Tasks));
        var updates = Update(set.Shape.Gradient, gradients.Flat, order).ToList();
        var start = 0;
        foreach (var table in set.Shape.Tables.Tables)
        {
            var length = gradients.Rows.Rows.Lists[table.RowList].Length * table.Dim * set.Shape.Tables.Copies(table);
            updates.AddRange(RowUpdates(table, set.Shape.Tables, gradients.Rows.Gradients.AsSpan(start, length), order));
            start += length;
        }
        var norm = Math.Sqrt(updates.Sum(update => (double)update * update));
        Assert.Equal(norm, StepReport.Total(reports, @case.Tasks).Norm(new TaskCoefficients(order.Weights_T, order.Counts_T)), 1e-6 * norm);

        static void AssertGramian(double[,] expected, GradientProducts total)
        {
            var actual = total.ToGramian([1, 1, 1]);
            for (var i = 0; i < 3; i++)
            {
                for (var j = 0; j < 3; j++)
                    Assert.Equal(expected[i, j], actual[i, j], 1e-11 * Math.Sqrt(expected[i, i] * expected[j, j]) + 1e-300);
            }
        }
    }

    [Fact]
    public void Rows_merged_from_subtrees_are_the_sum_over_whole_tables()
    {
        var @case = new ServerCase(perTask: true);
        var tables = @case.Shape(1).Tables;
        var state = @case.State();
        StepGradients[] shards = [.. Enumerable.Range(0, ServerCase.Shards).Select(shard => Gradients(@case, state, 0, TreeNode.Leaf(shard)))];
        // ((0 + 1) + (2 + 3)) + 4, once over whole tables with zeros where a shard has no row.
        var reducer = new TreeReducer<float[]>(ServerCase.Shards, (left, right) => [.. left.Zip(right, (a, b) => a + b)]);
        for (var shard = 0; shard < shards.Length; shard++)
            reducer.Add(TreeNode.Leaf(shard), Spread(shards[shard].Rows));
        var merged = Whole(@case, state, 0).Rows;
        Assert.Equal(reducer.Root, Spread(merged));
        Assert.All(merged.Rows.Lists, list => Assert.Equal(list.Distinct().Order(), list));
        Assert.True(merged.Rows.Count < shards.Sum(shard => shard.Rows.Rows.Count), "no two shards touch one row");

        float[] Spread(RowSum sum) => [.. tables.Tables.SelectMany((table, i) => DenseTable(tables, sum, i))];
    }

    private static StepGradients Whole(ServerCase @case, ServerState state, int version) => Gradients(@case, state, version, TreeNode.Root(ServerCase.Shards));

    private static StepGradients Gradients(ServerCase @case, ServerState state, int version, TreeNode node) =>
        @case.Gradients(version, node, state.Parameters_P, Values(@case.Shape(1), state, @case.RowsOf(version, node)));

    private static float[] Values(ServerShape shape, ServerState state, RowLists rows)
    {
        var values = new List<float>();
        foreach (var table in state.Tables)
        {
            var part = new float[rows.Lists[table.Entry.RowList].Length * table.Entry.Dim];
            table.Read(rows.Lists[table.Entry.RowList], part);
            values.AddRange(part);
        }
        Assert.Equal(shape.Tables.ValuesLength(rows), values.Count);
        return [.. values];
    }

    private static float[] Update(GradientShape shape, float[] gradients, UpdateOrder order)
    {
        if (order.Weights_T is null)
            return gradients;
        var update_P = new float[shape.ParameterLength];
        GradientCombiner.Combine(shape, gradients, order.Weights_T, order.Counts_T, update_P);
        return update_P;
    }

    /// <summary>sum over t of w_t g_t / N_t, in double; of a task's own table its gradient over N_t.</summary>
    private static float[] RowUpdates(TableEntry table, TableShape shape, Span<float> gradients, UpdateOrder order)
    {
        if (order.Weights_T is not { } weights_T)
            return gradients.ToArray();
        var scales_T = GradientCombiner.MeanScales(order.Counts_T);
        var copies = shape.Copies(table);
        var updates = new float[gradients.Length / copies];
        for (var i = 0; i < updates.Length; i++)
        {
            var (row, d) = (i / table.Dim, i % table.Dim);
            var sum = 0.0;
            for (var copy = 0; copy < copies; copy++)
                sum += (table.Task is { } task ? scales_T[task] : weights_T[copy] * scales_T[copy]) * gradients[(row * copies + copy) * table.Dim + d];
            updates[i] = (float)sum;
        }
        return updates;
    }

    /// <summary>By task the gradients of what all tasks share.</summary>
    private static List<double[]> DenseRows(TableShape shape, RowSum sum, int tasks) =>
    [
        .. Enumerable.Range(0, tasks).Select(task => shape.Tables.SelectMany((table, i) => table.Task is not null
            ? []
            : DenseTable(shape, sum, i).Chunk(table.Dim).Where((_, part) => part % tasks == task).SelectMany(part => part).Select(x => (double)x)).ToArray()),
    ];

    /// <summary>A table's gradients, zeros where no row was touched.</summary>
    private static float[] DenseTable(TableShape shape, RowSum sum, int table)
    {
        var (entry, start) = (shape.Tables[table], 0);
        for (var i = 0; i < table; i++)
            start += sum.Rows.Lists[shape.Tables[i].RowList].Length * shape.Tables[i].Dim * shape.Copies(shape.Tables[i]);
        var width = entry.Dim * shape.Copies(entry);
        var dense = new float[entry.Rows * width];
        foreach (var (row, place) in sum.Rows.Lists[entry.RowList].Select((row, place) => (row, place)))
            sum.Gradients.AsSpan(start + place * width, width).CopyTo(dense.AsSpan(row * width));
        return dense;
    }
}
