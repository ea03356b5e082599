using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Runs;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Runs;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>The metrics of a run's model on other rows: no training, the same workers and the same exact metrics.</summary>
internal static class EvaluationRun
{
    /// <param name="job">The run's job, with the rows to evaluate as its test set.</param>
    /// <exception cref="JobException">Rows that can't be read, a worker that is lost.</exception>
    public static async Task<IReadOnlyList<TaskMetrics>> RunAsync(
        JobFile job, CheckpointContent checkpoint, Task<TrainingCluster> starting, Action<string> notice, CancellationToken stop)
    {
        var bad = await Task.Run(() => BadRowReport.Of(job, new HashSet<Split> { Split.Test }, stop), stop);
        bad.Check(job.Data.MaxBadRows);
        if (bad.Rows == bad.Bad)
            throw new JobException($"there is no row in {job.Data.Test}");
        if (bad.Bad > 0)
            notice($"{bad.Bad} of {bad.Rows} rows are bad and left out: {string.Join("; ", bad.First)}");
        var schema = DataSchema.FromJson(checkpoint.SchemaJson);
        // One server in this process: nothing is updated here.
        job = job with
        {
            Training = job.Training with
            {
                ParameterServers = ParameterServerSettings.Default,
                Mode = TrainingMode.Synchronous,
                LocalSteps = 1,
                Compression = CompressionSettings.None,
            },
        };
        using var waits = new WaitBoard(TimeProvider.System, notice);
        await using var fleet = await WorkerFleet.FormAsync(await starting, job.Data.Shards, waits, notice, stop);
        var blueprint = ModelBlueprint.Create(job.Model, schema.ToModelInputs(job.Embeddings));
        var state = ServerState.Create(job, blueprint, checkpoint.Parameters_P);
        foreach (var (table, rows) in state.Tables.Zip(checkpoint.Tables))
            table.Restore(rows);
        var servers = await ServerGroup.StartAsync(
            job, schema, ServerShape.Of(job, blueprint, fleet.Placement.Generation, perTask: false),
            [state], checkpoint.Step, fleet, stop);
        var plan = new PlanHeader(fleet.Placement.Generation, JobFileWriter.Write(job), [], 1, 0, PerTask: false, Splits.Test, [.. servers.Addresses], 1, 1);
        await Preparation.RunAsync(job, schema, plan, backups: null, trainRowsByShard: null, fleet, stop);
        await servers.PublishAsync(checkpoint.Step, stop);
        return await new Evaluator(job, schema, fleet).EvaluateAsync(checkpoint.Step, WorkKind.Test, stop);
    }
}
