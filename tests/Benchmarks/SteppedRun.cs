using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Commands;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Transport;

namespace DistMtl.Benchmarks;

/// <summary>
/// The coordinator's side of a run, in this process: its own node, fleet, parameter server and step runner, but no
/// evaluation, checkpoint or display, and steps are made when they are asked for.
/// </summary>
internal sealed class SteppedRun : IAsyncDisposable
{
    private readonly WorkerFleet _fleet;
    private readonly StepRunner _steps;
    private TrainingState _state;

    private SteppedRun(WorkerFleet fleet, StepRunner steps, TrainingState state) => (_fleet, _steps, _state) = (fleet, steps, state);

    /// <summary>All that the workers have sent since they connected: payloads, headers, checksums, credits.</summary>
    public long ReceivedBytes => Connections(_fleet).Values.Sum(connection => connection.ReceivedBytes);

    public int Workers => _fleet.Workers;

    /// <param name="overrides"><c>key=value</c>.</param>
    /// <param name="cluster">The workers' hosts; its owner ends it.</param>
    public static async Task<SteppedRun> StartAsync(string jobPath, IReadOnlyList<string> overrides, TrainingCluster cluster, Action<string> log, CancellationToken cancellation)
    {
        var job = JobLoading.Load(jobPath, overrides);
        var scan = SchemaFitter.Fit(job, cancellation);
        var fleet = await WorkerFleet.FormAsync(cluster, job.Data.Shards, new WaitBoard(TimeProvider.System, log), log, cancellation);
        try
        {
            var blueprint = ModelBlueprint.Create(job.Model, scan.Schema.ToModelInputs(job.Embeddings));
            var weighting = WeightingTable.Create(new WeightingContext(job.Tasks, job.Weighting, job.Optimizer, job.Seed));
            var isPerTask = weighting.Need != WeightingNeed.Losses;
            var stepsPerEpoch = ShardSampler.StepsPerEpoch(scan.TrainRowsByShard, job.Training.BatchSize);
            var shape = ServerShape.Of(job, blueprint, fleet.Placement.Generation, isPerTask, stepsPerEpoch);
            var server = ServerState.Create(job, blueprint, InitialParameters.Draw(blueprint.Layout, job.Seed));
            var servers = await ServerGroup.StartAsync(job, scan.Schema, shape, [server], 0, fleet, cancellation);
            var plan = new PlanHeader(shape.Generation, JobFileWriter.Write(job), [], stepsPerEpoch, 0, isPerTask, Splits.Train, [], stepsPerEpoch, int.MaxValue);
            var labels = await Preparation.RunAsync(job, scan.Schema, plan, null, null, fleet, cancellation);
            await servers.PublishAsync(0, cancellation);
            var weigher = new StepWeigher(job, weighting, new LearningRateSchedule(job.Optimizer.Schedule, int.MaxValue, stepsPerEpoch), servers);
            var firstLabels_T = labels.Values.Aggregate((left, right) => [.. left.Zip(right, (a, b) => a + b)]);
            return new SteppedRun(
                fleet, new StepRunner(job, weigher, fleet, servers, new WorkerRates(TimeProvider.System, log), stepsPerEpoch, firstLabels_T),
                new TrainingState(0, server.Parameters_P, server.Optimizer, weighting.Start(), null, Ledger.Create(scan.TrainRowsByShard.Select(rows => (long)rows)), 0, 0));
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public async Task StepAsync(int steps, CancellationToken cancellation)
    {
        for (var step = 0; step < steps; step++)
            (_state, _) = await _steps.RunAsync(_state, cancellation);
    }

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    /// <summary>The fleet keeps them to itself; what has crossed them is asked for here alone.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_connections")]
    private static extern ref ConcurrentDictionary<string, TensorConnection> Connections(WorkerFleet fleet);
}
