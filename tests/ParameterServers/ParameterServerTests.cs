using DistMtl.Aggregation;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

public sealed class ParameterServerTests
{
    private static readonly int[] s_all = [0, 1, 2, 3, 4];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, Architecture.Mmoe)]
    [InlineData(false, Architecture.Mmoe)]
    [InlineData(true, Architecture.SingleTask)]
    public async Task Any_number_of_servers_any_workers_and_any_order_of_arrival_end_in_the_same_bits(bool perTask, Architecture architecture)
    {
        var @case = new ServerCase(perTask, architecture);
        var expected = await new ServerSet(@case, 1, s_all).RunAsync(order: 0);
        Assert.NotEqual(@case.First_P, expected.Parameters_P);
        int[][][] spreads = [[[0, 1, 2], [3, 4]], [s_all], [[4], [2], [0], [3], [1]], [[0, 4], [1, 2, 3]], [[1, 2], [0, 3], [4]]];
        foreach (var (servers, i) in new[] { 1, 2, 3, 7, 64 }.Select((servers, i) => (servers, i)))
            Outcome.AssertSameBits(expected, await new ServerSet(@case, servers, spreads[i]).RunAsync(order: (ulong)i + 1));
    }

    [Fact]
    public async Task A_pull_that_is_early_waits_for_its_version()
    {
        var @case = new ServerCase(perTask: true);
        var (set, worker) = Of(@case, 2);
        foreach (var send in worker.Pulls(0))
            await send();
        Assert.Empty(worker.TakeInbox());
        await set.RunAsync(server => server.PublishAsync(label: 0, Cancellation));
        await worker.ReadyAsync(0);
        worker.TakeInbox();

        foreach (var send in worker.Pulls(1).Concat(worker.Gradients(0)))
            await send();
        // But for what this step does not touch.
        await worker.AheadAsync(1);
        Assert.Empty(worker.TakeInbox());
        var before = await worker.ReadAsync(0, @case.RowsOf(1, worker.Nodes[0]));
        var total = StepReport.Total(await set.ReportAsync(), @case.Tasks);
        Assert.Empty(worker.TakeInbox());
        await set.RunAsync(server => server.UpdateAsync(@case.Decide(0, total), Cancellation));
        // The rows come by themselves, and are those of after the update.
        await worker.ReadyAsync(1);
        Assert.NotEqual(before, await worker.ReadAsync(1, @case.RowsOf(1, worker.Nodes[0])));
    }

    [Fact]
    public async Task Rows_that_the_present_step_does_not_touch_are_sent_while_it_computes()
    {
        var @case = new ServerCase(perTask: true);
        var (set, worker) = Of(@case, 2);
        await set.BeginAsync();
        foreach (var send in worker.Pulls(1))
            await send();
        await worker.AheadAsync(1);

        var (now, next) = (@case.RowsOf(0, worker.Nodes[0]), @case.RowsOf(1, worker.Nodes[0]));
        Assert.Equal(next.Lists.Zip(now.Lists, (rows, touched) => rows.Except(touched).Count()).Sum(), worker.RowsAhead);
        Assert.InRange(worker.RowsAhead, 1, next.Count - 1);
    }

    [Fact]
    public async Task What_comes_late_is_dropped_and_counted()
    {
        var @case = new ServerCase(perTask: true);
        var clean = await new ServerSet(@case, 2, s_all).RunAsync(order: 1);
        var (set, _) = Of(@case, 2);
        var outcome = await set.RunAsync(order: 1, disturb: async (version, _) =>
        {
            var slice = new byte[set.Shape.Slices.GradientLength(set.Shape.Gradient, 0) * sizeof(float)];
            var before = set.Servers.Sum(server => server.LateFrames);
            // Of the step before, and of a membership that is no more.
            await set.SendAsync(FrameKind.Gradient, new GradientHeader(set.Shape.Generation, version - 1, 0, 3, 0), slice);
            await set.SendAsync(FrameKind.Gradient, new GradientHeader(set.Shape.Generation - 1, version, 0, 3, 0), slice);
            await set.SendAsync(FrameKind.RowGradients, new RowGradientHeader(set.Shape.Generation, version - 1, 1, 3, 0), [1, 2, 3, 4]);
            await set.SendAsync(FrameKind.RowGradients, new RowGradientHeader(set.Shape.Generation - 1, version, 1, 3, 0), [1, 2, 3, 4]);
            await set.SendAsync(FrameKind.Pull, new PullHeader(set.Shape.Generation, version - 1, 0, 3, 0, [0, 0]), []);
            await set.SendAsync(FrameKind.Pull, new PullHeader(set.Shape.Generation - 1, version, 0, 3, 0, [0, 0]), []);
            Assert.Equal(6, set.Servers.Sum(server => server.LateFrames) - before);
        });
        Outcome.AssertSameBits(clean, outcome);
    }

    [Fact]
    public async Task Who_waits_in_vain_is_told_the_missing_shards()
    {
        var (set, worker) = Of(new ServerCase(perTask: false), 1, [0, 1, 2], [3, 4]);
        await set.BeginAsync();
        foreach (var send in worker.Gradients(0))
            await send();
        var error = await Assert.ThrowsAsync<LateShardsException>(() => set.Servers[0].ReportAsync(lane: 0, TimeSpan.Zero, Cancellation));
        Assert.Contains("shards 3, 4", error.Message, StringComparison.Ordinal);
        Assert.Equal([3, 4], error.Shards);
    }

    [Fact]
    public async Task A_skipped_step_leaves_everything_as_it_is_and_the_next_one_follows()
    {
        var @case = new ServerCase(perTask: true);
        var (set, worker) = Of(@case, 2);
        await set.BeginAsync();
        foreach (var send in worker.Pulls(1).Concat(worker.Gradients(0)))
            await send();
        await worker.AheadAsync(1);
        var before = await worker.ReadAsync(0, @case.RowsOf(1, worker.Nodes[0]));
        float[] parameters_P = [.. set.Servers[0].State.Parameters_P];
        var total = StepReport.Total(await set.ReportAsync(), @case.Tasks);

        await set.RunAsync(server => server.UpdateAsync(@case.Decide(0, total) with { IsSkipped = true }, Cancellation));

        await worker.ReadyAsync(1);
        Assert.Equal(before, await worker.ReadAsync(1, @case.RowsOf(1, worker.Nodes[0])));
        Assert.Equal(parameters_P, set.Servers[0].State.Parameters_P);
        Assert.Equal(0, set.Servers[0].State.Optimizer.Steps);
        foreach (var send in worker.Gradients(1))
            await send();
        total = StepReport.Total(await set.ReportAsync(), @case.Tasks);
        await set.RunAsync(server => server.UpdateAsync(@case.Decide(1, total), Cancellation));
        Assert.NotEqual(parameters_P, set.Servers[0].State.Parameters_P);
    }

    [Fact]
    public async Task An_update_before_its_gradients_are_there_or_of_another_version_is_refused()
    {
        var @case = new ServerCase(perTask: true);
        var (set, worker) = Of(@case, 1);
        await set.BeginAsync();
        var order = @case.Decide(0, GradientProducts.Zero(@case.Tasks));
        await Assert.ThrowsAsync<InvalidOperationException>(() => set.Servers[0].UpdateAsync(order, Cancellation));
        foreach (var send in worker.Gradients(0))
            await send();
        await Assert.ThrowsAsync<InvalidOperationException>(() => set.Servers[0].UpdateAsync(order with { Version = 1 }, Cancellation));
        Assert.Equal(@case.First_P, set.Servers[0].State.Parameters_P);
        await set.Servers[0].UpdateAsync(order, Cancellation);
        Assert.NotEqual(@case.First_P, set.Servers[0].State.Parameters_P);
    }

    [Fact]
    public async Task Gradients_are_rewritten_where_one_server_has_all_slices()
    {
        var @case = new ServerCase(perTask: true);
        var (set, _) = Of(@case, 1, [0, 1, 2], [3, 4]);
        await set.BeginAsync();
        foreach (var send in set.Workers.SelectMany(worker => worker.Gradients(0)))
            await send();
        var before = (await set.ReportAsync()).Single();
        var (original, rewritten) = (0f, 0f);
        var after = set.Servers[0].Rewrite(gradients =>
        {
            original = gradients[0];
            Assert.Equal(set.Shape.Gradient.Length, gradients.Length);
            for (var k = 0; k < gradients.Length; k++)
                gradients[k] *= 2;
        });
        Assert.Equal(4 * Shared(before), Shared(after), 1e-9 * Shared(before));
        Assert.Equal(Rows(before), Rows(after));
        var again = set.Servers[0].Rewrite(gradients => rewritten = gradients[0]);
        Assert.NotEqual(0, original);
        Assert.Equal(2 * original, rewritten);
        Assert.Equal(Shared(after), Shared(again));

        static double Shared(StepReport report) => report.Slices.Sum(slice => slice.Products.Shared[0]);
        static double Rows(StepReport report) => report.Rows.Sum(partition => partition.Shared[0]);
    }

    [Fact]
    public async Task Gradients_are_not_rewritten_where_servers_share_the_slices()
    {
        var (set, worker) = Of(new ServerCase(perTask: true), 2);
        await set.BeginAsync();
        foreach (var send in worker.Gradients(0))
            await send();
        await set.ReportAsync();
        Assert.Throws<InvalidOperationException>(() => set.Servers[0].Rewrite(_ => Assert.Fail("it was called")));
    }

    private static (ServerSet Set, SomeWorker First) Of(ServerCase @case, int servers, params int[][] shardsByWorker)
    {
        var set = new ServerSet(@case, servers, shardsByWorker.Length == 0 ? [s_all] : shardsByWorker);
        return (set, set.Workers[0]);
    }
}
