using DistMtl.Aggregation;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers.Tests;

/// <summary>A job of a few steps: what a coordinator does with servers and workers.</summary>
internal static class SmallRun
{
    private const int Steps = 3;

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(60);

    /// <param name="order">Seed of the order in which frames are sent.</param>
    /// <param name="disturb">Called in each step once half of the frames are there, with its version and the gradients that have been sent.</param>
    /// <param name="deadline">For reports; null: a long one.</param>
    public static async Task<Outcome> RunAsync(
        ServerCase @case, IReadOnlyList<ParameterServer> servers, IReadOnlyList<SomeWorker> workers, ulong order,
        Func<int, IReadOnlyList<Func<Task>>, Task>? disturb = null, TimeSpan? deadline = null)
    {
        var soon = deadline ?? s_soon;
        var cancellation = TestContext.Current.CancellationToken;
        var (random, totals) = (new StableRandom(order), new List<GradientProducts>());
        // Some pulls come before there is anything to give, some after.
        var first = Shuffle(workers.SelectMany(worker => worker.Pulls(0)), ref random);
        foreach (var send in first.Take(first.Count / 2))
            await send();
        await Task.WhenAll(servers.Select(server => server.PublishAsync(label: 0, cancellation)));
        foreach (var send in first.Skip(first.Count / 2))
            await send();
        for (var version = 0; version < Steps; version++)
        {
            foreach (var worker in workers)
                await worker.ReadyAsync(version);
            var gradients = workers.SelectMany(worker => worker.Gradients(version)).ToList();
            var sends = Shuffle(gradients.Concat(workers.SelectMany(worker => worker.Pulls(version + 1))), ref random);
            for (var i = 0; i < sends.Count; i++)
            {
                if (i == sends.Count / 2 && disturb is not null)
                    await disturb(version, [.. sends.Take(i).Intersect(gradients)]);
                await sends[i]();
            }
            var reports = await Task.WhenAll(servers.Select(server => server.ReportAsync(lane: 0, soon, cancellation)));
            var total = StepReport.Total(reports, @case.Tasks);
            totals.Add(total);
            var decided = @case.Decide(version, total);
            if (@case.Shape(1).HoldsRows)
            {
                foreach (var send in Shuffle(workers.SelectMany(worker => worker.Rows(version, decided)), ref random))
                    await send();
                totals.Add(StepReport.Total(await Task.WhenAll(servers.Select(server => server.ReportRowsAsync(lane: 0, soon, cancellation))), @case.Tasks));
                decided = @case.Decide(version, total, totals[^1]);
            }
            await Task.WhenAll(servers.Select(server => server.UpdateAsync(decided, cancellation)));
        }
        foreach (var worker in workers)
            await worker.ReadyAsync(Steps);
        Assert.All(workers, worker => Assert.True(worker.Parameters_P.SequenceEqual(workers[0].Parameters_P)));
        return new Outcome([.. workers[0].Parameters_P], await workers[^1].ReadAsync(Steps, @case.AllRows), totals);
    }

    private static List<T> Shuffle<T>(IEnumerable<T> items, ref StableRandom random)
    {
        var list = items.ToList();
        return [.. random.Permutation(list.Count).Select(i => list[i])];
    }
}

/// <summary>What a job ends in.</summary>
/// <param name="Rows">Of all tables.</param>
/// <param name="Totals">Of the reports, step by step; of rows that were held behind the others.</param>
internal sealed record Outcome(float[] Parameters_P, float[] Rows, IReadOnlyList<GradientProducts> Totals)
{
    public static void AssertSameBits(Outcome expected, Outcome actual)
    {
        Assert.Equal(Bits(expected.Totals), Bits(actual.Totals));
        Assert.True(SomeWorker.Bytes(expected.Parameters_P).AsSpan().SequenceEqual(SomeWorker.Bytes(actual.Parameters_P)), "other parameters");
        Assert.True(SomeWorker.Bytes(expected.Rows).AsSpan().SequenceEqual(SomeWorker.Bytes(actual.Rows)), "other rows");
    }

    private static List<long> Bits(IEnumerable<GradientProducts> totals) =>
        [.. totals.SelectMany(total => total.Shared.Concat(total.Updated).Concat(total.Own)).Select(BitConverter.DoubleToInt64Bits)];
}
