namespace DistMtl.ParameterServers.Tests;

/// <summary>Workers that do not wait for each other.</summary>
public sealed class LaneTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_of_its_own_lane_steps_alone_and_the_others_stay_where_they_are()
    {
        var @case = new ServerCase(perTask: true);
        var set = new ServerSet(@case, 1, [new LaneMembers("worker-0", [0, 1, 2]), new LaneMembers("worker-1", [3, 4])], [0, 1, 2], [3, 4]);
        var (server, fast, slow) = (set.Servers[0], set.Workers[0], set.Workers[1]);
        await set.BeginAsync();
        foreach (var send in fast.Pulls(1).Concat(fast.Gradients(0)))
            await send();

        // The shards of the other lane are not missed, nor is its step.
        var report = await server.ReportAsync(lane: 0, TimeSpan.FromSeconds(60), Cancellation);
        await server.UpdateAsync(@case.Decide(0, StepReport.Total([report], @case.Tasks)), Cancellation);
        await fast.ReadyAsync(1);
        Assert.NotEqual(@case.First_P, fast.Parameters_P);
        Assert.Empty(slow.TakeInbox());
        Assert.Equal(@case.First_P, slow.Parameters_P);

        var waiting = await Assert.ThrowsAsync<LateShardsException>(() => server.ReportAsync(lane: 1, TimeSpan.Zero, Cancellation));
        Assert.Contains("shards 3, 4", waiting.Message, StringComparison.Ordinal);
        foreach (var send in slow.Pulls(1).Concat(slow.Gradients(0)))
            await send();
        var second = await server.ReportAsync(lane: 1, TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(0, second.Version);
        await server.UpdateAsync(@case.Decide(0, StepReport.Total([second], @case.Tasks)) with { Lane = 1, Update = 2 }, Cancellation);
        await slow.ReadyAsync(1);
        // It gets what both have made; the first worker gets that with its own next step.
        Assert.Equal(server.State.Parameters_P, slow.Parameters_P);
        Assert.NotEqual(fast.Parameters_P, slow.Parameters_P);
        Assert.Empty(fast.TakeInbox());
        Assert.Equal(0, server.LateFrames);
    }
}
