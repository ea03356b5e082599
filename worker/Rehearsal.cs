using System.Runtime.InteropServices;
using DistMtl.Aggregation.Weightings;
using DistMtl.Data;
using DistMtl.Learning;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker;

/// <summary>
/// A tiny job, by which a worker has libtorch loaded and its code compiled before it takes shards: a run that has formed up with a
/// new worker waits for nothing but the data.
/// </summary>
internal static class Rehearsal
{
    private const int Rows = 200;

    /// <param name="train">The file of its rows.</param>
    private static string Yaml(string train) => $$"""
        name: rehearsal
        data: {train: "{{train}}", validation: {fraction: 0.2}, shards: 2, shardBy: user_id}
        features:
          - {name: user_id, kind: categorical, buckets: 50, dim: 2}
          - {name: item_id, kind: categorical, dim: 2}
          - {name: price, kind: numeric, transform: log1p}
          - {name: history, kind: sequence, separator: "|", maxLength: 5, embedding: item_id}
        tasks:
          - {name: click, kind: binary, label: click}
          - {name: rating, kind: regression, label: rating}
        model: {architecture: mmoe, experts: 2, expert: [4], tower: [2], dropout: 0.1}
        """;

    /// <summary>A failure is left to the first job, which meets it too and tells its coordinator.</summary>
    /// <returns>Whether all of it was done.</returns>
    public static bool Run()
    {
        TorchRuntime.WarmUp();
        try
        {
            var folder = Directory.CreateTempSubdirectory("distmtl-rehearsal-");
            try
            {
                Train(folder.FullName);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Protocol.JobException or ExternalException)
        {
            // Nowhere to write, no libtorch, or a device that refuses.
            return false;
        }
    }

    private static void Train(string folder)
    {
        var train = EcommerceGenerator.Generate(folder, Rows, seed: 1);
        var job = JobFileReader.Parse(Yaml(train), "rehearsal.yaml", folder, [], WeightingTable.Descriptions).Job!;
        var schema = SchemaFitter.Fit(job, CancellationToken.None).Schema;
        foreach (var perTask in new[] { true, false })
            Train(job, schema, perTask);
    }

    private static void Train(JobFile job, DataSchema schema, bool perTask)
    {
        var header = new PlanHeader(1, JobFileWriter.Write(job), [0, 1], 2, 0, perTask, Splits.Train | Splits.Validation, [], 2, 2, Run: "rehearsal");
        var plan = new JobPlan(header, job, DataSchema.FromJson(schema.ToJson()));
        using var trainer = ShardTrainer.Create(plan, "rehearsal", new ShardStore(), CancellationToken.None);
        var parameters_P = new float[trainer.Layout.Length];
        trainer.Load(parameters_P);
        var work = new WorkHeader(1, 0, WorkKind.Train, perTask ? null : [1, 1]);
        trainer.Begin(work);
        foreach (var node in trainer.Batches.Make(0).Nodes)
            trainer.Train(work, node, parameters_P, default);
        using var predictions = new ShardPredictions(trainer, work with { Kind = WorkKind.Validate }, 0);
        foreach (var start in predictions.Starts)
            predictions.Fill(start, predictions.Chunk(start).Rows, PulledRows.None);
    }
}
