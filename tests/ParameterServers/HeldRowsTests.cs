using DistMtl.Aggregation;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>Gradients of table rows that workers hold until the tasks are weighed.</summary>
public sealed class HeldRowsTests
{
    private static readonly int[] s_all = [0, 1, 2, 3, 4];

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Architecture.Mmoe, true)]
    [InlineData(Architecture.Mmoe, false)]
    [InlineData(Architecture.SingleTask, true)]
    public async Task Any_number_of_servers_any_workers_and_any_order_of_arrival_end_in_the_same_bits(Architecture architecture, bool clips)
    {
        var @case = new ServerCase(perTask: true, architecture, WeightingScope.Trunk, clips);
        var expected = await new ServerSet(@case, 1, s_all).RunAsync(order: 0);
        Assert.NotEqual(@case.First_P, expected.Parameters_P);
        int[][][] spreads = [[[0, 1, 2], [3, 4]], [[4], [2], [0], [3], [1]], [[0, 4], [1, 2, 3]], [[1, 2], [0, 3], [4]]];
        foreach (var (servers, i) in new[] { 1, 3, 7, 64 }.Select((servers, i) => (servers, i)))
            Outcome.AssertSameBits(expected, await new ServerSet(@case, servers, spreads[i]).RunAsync(order: (ulong)i + 1));
    }

    [Theory]
    [InlineData(Architecture.Mmoe, 1.0)]
    [InlineData(Architecture.Mmoe, 0.3)]
    [InlineData(Architecture.SingleTask, 0.3)]
    public async Task With_the_same_weights_the_update_is_that_of_a_gradient_for_every_task(Architecture architecture, double clipFactor)
    {
        // In version 1 a task has no label; a negative weight is as good as any.
        var order = new UpdateOrder(Lane: 0, Version: 0, Update: 1, [1.7, -0.4, 0.6], [0.5, 1.5, 2], ServerCase.CountsOf(1), RateFactor: 1, clipFactor);
        var (held, all) = (await StepAsync(WeightingScope.Trunk), await StepAsync(WeightingScope.All));
        Assert.Equal(SomeWorker.Bytes(all.Parameters_P), SomeWorker.Bytes(held.Parameters_P));
        Assert.Equal(all.Rows.Length, held.Rows.Length);
        Assert.NotEqual(all.Before, all.Rows);
        for (var i = 0; i < all.Rows.Length; i++)
            Assert.Equal(all.Rows[i], held.Rows[i], 1e-5f);

        async Task<(float[] Parameters_P, float[] Before, float[] Rows)> StepAsync(WeightingScope scope)
        {
            // Adam's first step is as long whatever the gradient's size.
            var @case = new ServerCase(perTask: true, architecture, scope, optimizer: "{kind: sgd, learningRate: 0.5}");
            var set = new ServerSet(@case, 2, [0, 1, 2], [3, 4]);
            await set.BeginAsync();
            var before = await set.Workers[0].ReadAsync(0, @case.AllRows);
            foreach (var send in set.Workers.SelectMany(worker => worker.Gradients(0)))
                await send();
            await set.ReportAsync();
            if (set.Shape.HoldsRows)
            {
                foreach (var send in set.Workers.SelectMany(worker => worker.Rows(0, order)))
                    await send();
            }
            await set.RunAsync(server => server.UpdateAsync(order, Cancellation));
            return (set.Servers[0].State.Parameters_P, before, await set.Workers[0].ReadAsync(1, @case.AllRows));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task One_gradient_of_a_row_travels_and_servers_measure_the_rows_where_updates_are_clipped(int servers)
    {
        var @case = new ServerCase(perTask: true, scope: WeightingScope.Trunk, clips: true);
        var set = new ServerSet(@case, servers, [0, 1, 2], [3, 4]);
        await set.BeginAsync();
        foreach (var send in set.Workers.SelectMany(worker => worker.Gradients(0)))
            await send();
        var reports = await set.ReportAsync();
        Assert.All(reports, report => Assert.Empty(report.Rows));

        // Weights by which rows are something beside the tasks' own parameters.
        var order = @case.Decide(0, StepReport.Total(reports, @case.Tasks)) with { Weights_T = [1.7, -0.4, 0.6] };
        foreach (var send in set.Workers.SelectMany(worker => worker.Rows(0, order)))
            await send();
        Assert.Equal(
            set.Workers.SelectMany(worker => worker.Nodes).Sum(node => (long)@case.Shape(1).Tables.ValuesLength(@case.RowsOf(0, node))) * sizeof(float),
            set.SentBytes[FrameKind.RowGradients]);

        var rows = await Task.WhenAll(set.Servers.Select(server => server.ReportRowsAsync(lane: 0, s_soon, Cancellation)));
        Assert.All(rows, report => Assert.Empty(report.Slices));
        var (root, coefficients) = (TreeNode.Root(ServerCase.Shards), new TaskCoefficients(order.Weights_T, order.Counts_T, order.OwnWeights_T));
        var values = await set.Workers[0].ReadAsync(0, @case.RowsOf(0, root));
        var whole = @case.Held(0, root, @case.First_P, values).Combine(coefficients);
        var ofRows = whole.Gradients.Take(set.Shape.Tables.GradientsLength(whole.Rows)).Sum(x => (double)x * x);
        Assert.Equal(Math.Sqrt(ofRows), StepReport.Total(rows, @case.Tasks).Norm(null), 1e-9 * Math.Sqrt(ofRows));
        var update_P = new float[@case.First_P.Length];
        GradientCombiner.Combine(set.Shape.Gradient, @case.Gradients(0, root, @case.First_P, values).Flat, order.Weights_T, order.Counts_T, update_P, order.OwnWeights_T);
        var norm = Math.Sqrt(update_P.Sum(x => (double)x * x) + ofRows);
        Assert.Equal(norm, StepReport.Norm(reports, rows, @case.Tasks, coefficients), 1e-6 * norm);
        Assert.True(ofRows > 1e-4 * norm * norm, "the rows are nothing beside the others");
    }

    [Fact]
    public async Task Rows_are_waited_for_after_the_report_and_before_the_update()
    {
        var @case = new ServerCase(perTask: true, scope: WeightingScope.Trunk);
        var set = new ServerSet(@case, 1, [0, 1, 2], [3, 4]);
        var server = set.Servers[0];
        await set.BeginAsync();
        foreach (var send in set.Workers.SelectMany(worker => worker.Gradients(0)))
            await send();
        var order = @case.Decide(0, StepReport.Total(await set.ReportAsync(), @case.Tasks));
        foreach (var send in set.Workers[0].Rows(0, order))
            await send();
        var error = await Assert.ThrowsAsync<LateShardsException>(() => server.ReportRowsAsync(lane: 0, TimeSpan.Zero, Cancellation));
        Assert.Contains("shards 3, 4", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.UpdateAsync(order, Cancellation));
        Assert.Equal(@case.First_P, server.State.Parameters_P);

        foreach (var send in set.Workers[1].Rows(0, order))
            await send();
        // Nobody asks for their norm.
        Assert.Empty((await server.ReportRowsAsync(lane: 0, s_soon, Cancellation)).Rows);
        await server.UpdateAsync(order, Cancellation);
        Assert.NotEqual(@case.First_P, server.State.Parameters_P);
        Assert.Equal(0, server.LateFrames);
    }

    [Fact]
    public async Task A_gradient_of_every_task_is_refused()
    {
        var (held, all) = (new ServerCase(perTask: true, scope: WeightingScope.Trunk), new ServerCase(perTask: true));
        var set = new ServerSet(held, 1, s_all);
        await set.BeginAsync();
        var gradients = new byte[all.Shape(1).Tables.GradientsLength(held.RowsOf(0, TreeNode.Root(ServerCase.Shards))) * sizeof(float)];
        await Assert.ThrowsAsync<FrameException>(() => set.SendAsync(FrameKind.RowGradients, new RowGradientHeader(set.Shape.Generation, 0, 0, 3, 0), gradients));
    }

    [Fact]
    public void What_is_rounded_to_nothing_leaves_no_trace_of_who_held_it()
    {
        var shape = new TableShape([new TableEntry("user", 8, 2, null, 0.1f)], 2, IsPerTask: true);
        var (mine, ours) = (new RowLists([[3]]), new RowLists([[3, 5]]));
        var coefficients = new TaskCoefficients([1e-30, 0], [1, 1]);
        float[] tiny = [-1e-30f, 1e-30f, 0, 0];

        var apart = new HeldRows(shape, mine, shards: 2);
        apart.Add(0, tiny);
        var together = new HeldRows(shape, ours, shards: 2);
        together.Add(0, [.. tiny, 0, 0, 0, 0]);
        together.Add(1, [0, 0, 0, 0, 5e30f, -5e30f, 1, 1]);

        Assert.Equal([0, 0], Bits(apart.Combine(coefficients), 2));
        Assert.Equal([0, 0, BitConverter.SingleToInt32Bits(5f), BitConverter.SingleToInt32Bits(-5f)], Bits(together.Combine(coefficients), 4));

        static int[] Bits(RowSum sum, int length) => [.. sum.Gradients.Take(length).Select(BitConverter.SingleToInt32Bits)];
    }
}
