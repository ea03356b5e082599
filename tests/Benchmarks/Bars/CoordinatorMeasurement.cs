using DistMtl.Benchmarks.Reporting;
using DistMtl.Benchmarks.Stubs;
using DistMtl.Coordinator.Cluster;

namespace DistMtl.Benchmarks.Bars;

/// <summary>
/// What a step costs the coordinator: the processor time of this process, which is its node, fleet, parameter server and
/// step runner, over steps and workers. The workers are stubs in a process of their own, connected over loopback: their
/// time does not count.
/// </summary>
internal sealed class CoordinatorMeasurement(SmallJob job) : IMeasurement
{
    private const int WarmUpSteps = 500;
    private const int Rounds = 5;
    private const int StepsOfRound = 200;

    private static readonly int[] s_sizes = [4, 16, 64];

    private static readonly Bar s_cost = new("coordinator's processor time a step with 64 stub workers, microseconds a worker", BarSide.AtMost, 100);

    private static readonly Bar s_growth = new("coordinator's processor time a step and worker, 64 stub workers / 4", BarSide.AtMost, 1);

    public IReadOnlyList<Bar> Bars { get; } = [s_cost, s_growth];

    public bool IsLong => false;

    public async Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        // Not counted: until then this process still compiles what a step runs.
        await MeasureAsync(s_sizes[1], conditions);
        var microseconds = new Dictionary<int, double>();
        foreach (var workers in s_sizes)
        {
            microseconds[workers] = await MeasureAsync(workers, conditions);
            conditions.Log(FormattableString.Invariant($"{workers} stub workers: {microseconds[workers]:F1} microseconds a step and worker"));
        }
        return new Dictionary<Bar, double?> { [s_cost] = microseconds[s_sizes[^1]], [s_growth] = microseconds[s_sizes[^1]] / microseconds[s_sizes[0]] };
    }

    /// <returns>Microseconds a step and worker, the median of the rounds.</returns>
    private async Task<double> MeasureAsync(int workers, Conditions conditions)
    {
        await using var cluster = await TrainingCluster.StartOpenAsync(NodeAddress.Loopback, workers: 1, conditions.Cancellation);
        await using var stubs = ChildProcess.Start(Environment.ProcessPath!, [StubWorkersCommand.Name, StubWorkersCommand.Join, cluster.Node.JoinAddress], conditions.Cancellation);
        string[] overrides = [$"data.shards={workers}", $"training.batchSize={workers * 64}"];
        await using var run = await SteppedRun.StartAsync(job.Path, overrides, cluster, _ => { }, conditions.Cancellation);
        await run.StepAsync(WarmUpSteps, conditions.Cancellation);
        var rounds = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var before = Environment.CpuUsage.TotalTime;
            await run.StepAsync(StepsOfRound, conditions.Cancellation);
            rounds.Add((Environment.CpuUsage.TotalTime - before).TotalMicroseconds / StepsOfRound / run.Workers);
        }
        return Spread.Of(rounds)!.Value.Median;
    }
}
