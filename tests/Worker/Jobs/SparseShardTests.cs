using DistMtl.Protocol;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>What a worker computes of rows that it pulls, beside what it computes of the same tables among its flat parameters.</summary>
public sealed class SparseShardTests : IDisposable
{
    private static readonly int[] s_all = [0, 1, 2, 3, 4];

    private readonly SmallShards _small = new();

    public void Dispose() => _small.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sums_over_pulled_rows_have_the_same_bits_however_the_shards_are_spread(bool perTask)
    {
        var together = _small.Total(_small.SparseJob, perTask, s_all);
        foreach (var spread in new int[][][] { [[0, 1, 2], [3, 4]], [[4], [3], [2], [1], [0]], [[0, 4], [1, 2, 3]] })
        {
            var apart = _small.Total(_small.SparseJob, perTask, spread);
            Assert.Equal(together.Flat, apart.Flat);
            Assert.Equal(together.Rows.Rows.Lists, apart.Rows.Rows.Lists);
            Assert.Equal(together.Rows.Gradients, apart.Rows.Gradients);
            Assert.Equal(together.Totals.LossSums_T, apart.Totals.LossSums_T);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_of_pulled_rows_are_those_of_whole_tables(bool perTask)
    {
        var (dense, sparse) = (_small.Total(_small.Job, perTask, s_all), _small.Total(_small.SparseJob, perTask, s_all));
        Assert.Equal(dense.Totals.Labels_T, sparse.Totals.Labels_T);
        for (var task = 0; task < dense.Totals.LossSums_T.Length; task++)
            Assert.Equal(1, sparse.Totals.LossSums_T[task] / dense.Totals.LossSums_T[task], 1e-6);

        var expected = ByName(dense, perTask);
        var actual = ByName(sparse, perTask);
        Assert.Equal(2, _small.Blueprint(_small.SparseJob).Tables.Length);
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        var scale = dense.Flat.Max(Math.Abs);
        foreach (var (name, gradients) in expected)
        {
            Assert.Equal(gradients.Length, actual[name].Length);
            for (var i = 0; i < gradients.Length; i++)
                Assert.Equal(gradients[i] / scale, actual[name][i] / scale, 1e-6f);
        }
    }

    [Fact]
    public void A_subtree_pulls_the_rows_of_its_shards_and_no_other()
    {
        using var trainer = _small.Trainer(_small.SparseJob, false, s_all);
        using var apart = _small.Trainer(_small.SparseJob, false, 1, 2, 4);
        var whole = trainer.Batches.Make(3).Nodes.Single().Touched;
        var parts = apart.Batches.Make(3).Nodes.Select(node => node.Touched).ToList();
        Assert.Equal(3, parts.Count);
        foreach (var part in parts)
        {
            for (var list = 0; list < whole.Lists.Length; list++)
            {
                Assert.NotEmpty(part.Lists[list]);
                Assert.Equal(part.Lists[list].Distinct().Order(), part.Lists[list]);
                Assert.Subset(whole.Lists[list].ToHashSet(), part.Lists[list].ToHashSet());
            }
            Assert.True(part.Count < whole.Count);
        }
    }

    [Fact]
    public void Predictions_of_pulled_rows_are_those_of_whole_tables()
    {
        using var dense = _small.Trainer(_small.Job, false, 2);
        using var sparse = _small.Trainer(_small.SparseJob, false, 2);
        using var expected = _small.Predict(dense, 2);
        using var actual = _small.Predict(sparse, 2);
        Assert.True(expected.Header.Rows > 0);
        Assert.Equal(expected.Header with { Widths_T = [] }, actual.Header with { Widths_T = [] });
        Assert.Equal(expected.Buffer.Numbers.ToArray(), actual.Buffer.Numbers.ToArray());
    }

    /// <summary>Each parameter's gradient, those of a table's untouched rows being 0; task behind task where one of every task travels.</summary>
    private Dictionary<string, float[]> ByName(StepSum sum, bool perTask)
    {
        var job = sum.Rows.Rows.Count == 0 ? _small.Job : _small.SparseJob;
        var (layout, tables) = (_small.Blueprint(job).Layout, _small.Blueprint(job).Tables);
        var (tasks, gradients) = (job.Tasks.Count, new Dictionary<string, float[]>());
        foreach (var entry in layout.Entries)
        {
            gradients[entry.Name] = perTask && entry.Task is null
                ? [.. Enumerable.Range(0, tasks).SelectMany(task => sum.Flat.Skip(task * layout.SharedLength + entry.Offset).Take(entry.Length))]
                : [.. sum.Flat.Skip(entry.Offset + (perTask ? (tasks - 1) * layout.SharedLength : 0)).Take(entry.Length)];
        }
        var shape = new TableShape(tables, tasks, perTask);
        var numbers = sum.Rows.Gradients.AsSpan();
        foreach (var table in tables)
        {
            var whole = new float[shape.Copies(table) * table.Rows * table.Dim];
            foreach (var row in sum.Rows.Rows.Lists[table.RowList])
            {
                for (var copy = 0; copy < shape.Copies(table); copy++)
                {
                    numbers[..table.Dim].CopyTo(whole.AsSpan((copy * table.Rows + row) * table.Dim));
                    numbers = numbers[table.Dim..];
                }
            }
            gradients[table.Name] = whole;
        }
        Assert.True(numbers.IsEmpty);
        return gradients;
    }
}
