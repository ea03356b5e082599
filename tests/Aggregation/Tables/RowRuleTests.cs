using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Tables;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Tables;

/// <summary>The rules for rows beside their formulas in double precision.</summary>
public sealed class RowRuleTests
{
    private const int Rows = 30;

    public static TheoryData<RowOptimizerKind> Kinds => [.. Enum.GetValues<RowOptimizerKind>()];

    public static TheoryData<RowOptimizerKind, int, bool> Cases
    {
        get
        {
            var cases = new TheoryData<RowOptimizerKind, int, bool>();
            foreach (var kind in Enum.GetValues<RowOptimizerKind>())
            {
                foreach (var dim in new[] { 1, 3, 8, 16, 21 })
                {
                    cases.Add(kind, dim, false);
                    cases.Add(kind, dim, true);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_follow_the_formula_of_their_rule(RowOptimizerKind kind, int dim, bool isDecoupled)
    {
        var settings = SomeTable.Settings(kind) with { IsDecoupled = isDecoupled, WeightDecay = 0.1 };
        var table = SomeTable.Create(settings, Rows, dim);
        int[] all = [.. Enumerable.Range(0, Rows)];
        double[] values = [.. SomeTable.Read(table, all)];
        var (mean, square, sum, rowSum) = (new double[values.Length], new double[values.Length], new double[values.Length], new double[Rows]);
        for (var step = 1; step <= 40; step++)
        {
            var rows = SomeTable.RowsOf(step, Rows, 10);
            var factor = step % 3 / 2.0;
            table.Update(rows, SomeTable.Gradients(step, dim, rows), step, factor);
            foreach (var row in rows)
                Step(row, SomeTable.Gradients(step, dim, row), step, settings.LearningRate * factor);
        }
        AssertClose(values, SomeTable.Read(table, all));

        void Step(int row, float[] gradients, int step, double rate)
        {
            var decayed = new double[dim];
            for (var d = 0; d < dim; d++)
                decayed[d] = gradients[d] + (isDecoupled ? 0 : settings.WeightDecay * values[row * dim + d]);
            rowSum[row] += decayed.Average(g => g * g);
            for (var d = 0; d < dim; d++)
            {
                var (k, g) = (row * dim + d, decayed[d]);
                mean[k] += (g - mean[k]) * (1 - settings.Beta1);
                square[k] += (g * g - square[k]) * (1 - settings.Beta2);
                sum[k] += g * g;
                var move = kind switch
                {
                    RowOptimizerKind.Sgd => g,
                    RowOptimizerKind.Adagrad => g / (Math.Sqrt(sum[k]) + settings.Epsilon),
                    RowOptimizerKind.RowwiseAdagrad => g / (Math.Sqrt(rowSum[row]) + settings.Epsilon),
                    _ => Math.Sqrt(1 - Math.Pow(settings.Beta2, step)) / (1 - Math.Pow(settings.Beta1, step)) * mean[k] / (Math.Sqrt(square[k]) + settings.Epsilon),
                };
                values[k] -= rate * move + (isDecoupled ? rate * settings.WeightDecay * values[k] : 0);
            }
        }
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.Adagrad)]
    public void A_table_whose_rows_are_all_touched_is_updated_as_a_dense_one(OptimizerKind kind)
    {
        var rowKind = kind == OptimizerKind.Sgd ? RowOptimizerKind.Sgd : RowOptimizerKind.Adagrad;
        var settings = SomeTable.Settings(rowKind);
        var table = SomeTable.Create(settings, Rows, 7);
        int[] all = [.. Enumerable.Range(0, Rows)];
        var dense = SomeTable.Read(table, all);
        var optimizer = Optimizer.Create(new OptimizerSettings(kind, settings.LearningRate, settings.WeightDecay, 0, 0, settings.Epsilon, 0), dense.Length);
        for (var step = 1; step <= 10; step++)
        {
            SomeTable.Update(table, step, all);
            optimizer.Step(dense, SomeTable.Gradients(step, 7, all));
        }
        Assert.Equal(dense, SomeTable.Read(table, all));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Rows_that_a_step_does_not_touch_stay_as_they_are_with_their_state(RowOptimizerKind kind)
    {
        var table = SomeTable.Create(SomeTable.Settings(kind));
        SomeTable.Update(table, 1, 3, 8);
        var before = table.Snapshot();
        for (var step = 2; step < 20; step++)
            SomeTable.Update(table, step, 8);
        SomeTable.AssertEqual(before.Where(row => row == 3), table.Snapshot().Where(row => row == 3));
        Assert.NotEqual(before.Values_ND, table.Snapshot().Values_ND);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_steps_rows_give_the_same_bits_however_they_are_cut_among_tables(RowOptimizerKind kind)
    {
        var settings = SomeTable.Settings(kind) with { Admission = 2, Expiry = 12 };
        var whole = SomeTable.Create(settings);
        SomeTable.Run(whole, 1, 60);
        for (var servers = 2; servers <= 5; servers++)
        {
            RowTable[] parts = [.. Enumerable.Range(0, servers).Select(_ => SomeTable.Create(settings))];
            for (var step = 1; step <= 60; step++)
            {
                for (var server = 0; server < servers; server++)
                    SomeTable.Update(parts[server], step, [.. SomeTable.RowsOf(step, 1000).Where(row => row % servers == server)]);
            }
            SomeTable.AssertEqual(whole.Snapshot(), TableRows.Join([.. parts.Select(part => part.Snapshot())]));
            SomeTable.AssertEqual(whole.Snapshot().Where(row => row % servers == 1), parts[1].Snapshot());
        }
    }

    [Fact]
    public void A_frozen_table_stays_as_it_begins()
    {
        var table = SomeTable.Create(SomeTable.Adam with { LearningRate = 0, Admission = 3 });
        var before = SomeTable.Read(table, 4);
        SomeTable.Update(table, 1, 4);
        Assert.Equal(before, SomeTable.Read(table, 4));
        Assert.NotEqual(0, before[0]);
        Assert.Equal(0, table.MaterializedRows);
        Assert.True(table.TakeChanges().IsEmpty);
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - 2e-5, expected[i] + 2e-5);
    }
}
