using System.Diagnostics;
using System.Globalization;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Commands;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Tests.Cluster;
using DistMtl.Coordinator.Tests.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Transport;
using TraceSource = DistMtl.Protocol.Tracing.TraceSource;

namespace DistMtl.Coordinator.Tests.Training;

/// <summary>A run of a <see cref="FreeRunner"/> over real connections, whose workers answer one by one when a test lets them.</summary>
internal sealed class HeldRun : IAsyncDisposable
{
    public const int Shards = 3;

    private const string Yaml =
        """
        name: held
        data: {train: train.csv, shards: 3}
        features:
          - {name: age, kind: numeric}
        tasks:
          - {name: click, kind: binary, label: click}
          - {name: buy, kind: binary, label: buy}
        model: {architecture: shared-bottom, bottom: [4], tower: []}
        weighting: {strategy: equal}
        training: {epochs: 100, batchSize: 24, device: cpu}
        """;

    private readonly ScratchDirectory _scratch = new();
    private readonly HeldWorkers _workers = new(tasks: 2);
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromMinutes(1));
    private readonly ActivityListener _listener;
    private WorkerFleet? _fleet;
    private FreeRunner? _steps;
    private TrainingState? _state;
    private Task _running = Task.CompletedTask;

    private HeldRun()
    {
        // A lane's wait is seen where a person would see it: in the trace. The source must be there before it is asked for.
        var coordinator = TraceSource.Coordinator;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source == coordinator,
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity =>
            {
                if (activity.OperationName == FreeRunner.SlowestSpan)
                    _workers.Note(Waits.Instance);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Of all workers.</summary>
    public int Updates => _steps!.Updates;

    /// <param name="overrides"><c>key=value</c>.</param>
    public static async Task<HeldRun> StartAsync(HeldCluster cluster, params string[] overrides)
    {
        var run = new HeldRun();
        try
        {
            await run.FormAsync(cluster, overrides);
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
        return run;
    }

    /// <summary>Lets every worker make its steps up to <paramref name="target"/>.</summary>
    public Task<TrainingState> RunAsync(int target)
    {
        var running = _steps!.RunAsync(_state!, target, (_, _) => { }, CancellationToken.None);
        _running = running;
        return running;
    }

    /// <summary>Lets a worker answer the call to work that it has.</summary>
    public Task AnswerAsync(int worker) => _workers.AnswerAsync(worker);

    /// <summary>What happens next; a test that waits for what does not happen fails, with the run's reason if there is one.</summary>
    public async Task<RunEvent> NextAsync()
    {
        var next = _workers.NextAsync(_deadline.Token);
        if (await Task.WhenAny(next, _running) != next)
            await _running;
        return await next;
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
            await _fleet.DisposeAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _steps?.Dispose();
        _listener.Dispose();
        _deadline.Dispose();
        _scratch.Dispose();
    }

    private async Task FormAsync(HeldCluster cluster, string[] overrides)
    {
        await File.WriteAllTextAsync(_scratch.PathOf("job.yaml"), Yaml);
        await File.WriteAllLinesAsync(_scratch.PathOf("train.csv"), Enumerable.Range(0, 96).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row},{row % 2},{row / 2 % 2}")).Prepend("age,click,buy"));
        var job = JobLoading.Load(_scratch.PathOf("job.yaml"), overrides);
        var scan = SchemaFitter.Fit(job, _deadline.Token);
        cluster.Workers = _workers;
        // The one node pretends to be several workers, which another run must not wait for.
        var own = new TrainingCluster(cluster.Cluster.Node, 1, Local: null, OwnsNode: false);
        _fleet = await WorkerFleet.FormAsync(own, Shards, new WaitBoard(TimeProvider.System, _ => { }), _ => { }, _deadline.Token);
        var blueprint = ModelBlueprint.Create(job.Model, scan.Schema.ToModelInputs(job.Embeddings));
        var weighting = WeightingTable.Create(new WeightingContext(job.Tasks, job.Weighting, job.Optimizer, job.Seed));
        var stepsPerEpoch = ShardSampler.StepsPerEpoch(scan.TrainRowsByShard, job.Training.BatchSize);
        var shape = _workers.Shape = ServerShape.Of(job, blueprint, _fleet.Placement.Generation, perTask: false, stepsPerEpoch);
        var server = ServerState.Create(job, blueprint, InitialParameters.Draw(blueprint.Layout, job.Seed));
        var servers = await ServerGroup.StartAsync(job, scan.Schema, shape, [server], 0, _fleet, _deadline.Token);
        var plan = new PlanHeader(shape.Generation, JobFileWriter.Write(job), [], stepsPerEpoch, 0, false, Splits.Train, [], stepsPerEpoch, int.MaxValue);
        var labels = await Preparation.RunAsync(job, scan.Schema, plan, null, null, _fleet, _deadline.Token);
        await servers.PublishAsync(0, _deadline.Token);
        var weigher = new StepWeigher(job, weighting, new LearningRateSchedule(job.Optimizer.Schedule, int.MaxValue, stepsPerEpoch), servers);
        _steps = new FreeRunner(job, weigher, _fleet, servers, stepsPerEpoch, 0, 0, labels);
        _state = new TrainingState(0, server.Parameters_P, server.Optimizer, weighting.Start(), null, Ledger.Create(scan.TrainRowsByShard.Select(rows => (long)rows)), 0, 0);
    }
}
