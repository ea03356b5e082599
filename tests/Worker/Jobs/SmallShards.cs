using System.Numerics.Tensors;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Weightings;
using DistMtl.Data;
using DistMtl.Learning;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>A small job on generated rows, what its workers compute, and the parameters they compute it of, which are the same numbers however tables are kept.</summary>
internal sealed class SmallShards : IDisposable
{
    public const int Shards = 5;
    public const int StepsPerEpoch = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("distmtl-").FullName;
    private readonly ParameterLayout _denseLayout;
    private readonly float[] _dense_P;

    public SmallShards()
    {
        var data = EcommerceGenerator.Generate(_folder, 1000, 3);
        Job = JobFileReader.Parse(
            $$"""
            name: small
            seed: 5
            data: {train: "{{data}}", validation: {fraction: 0.2}, shards: {{Shards}}, shardBy: user_id}
            features:
              - {name: user_id, kind: categorical, buckets: 90, dim: 3}
              - {name: item_id, kind: categorical, dim: 4}
              - {name: price, kind: numeric}
              - {name: history, kind: sequence, separator: "|", maxLength: 10, embedding: item_id}
            tasks:
              - {name: click, kind: binary, label: click}
              - {name: rating, kind: regression, label: rating}
            model: {experts: 2, expert: [6, 4], tower: [3], dropout: 0.3}
            """,
            "job.yaml", _folder, [], WeightingTable.Descriptions).Job!;
        Scan = SchemaFitter.Fit(Job, TestContext.Current.CancellationToken);
        _denseLayout = Blueprint(Job with { Embeddings = new(EmbeddingStorage.Dense) }).Layout;
        _dense_P = InitialParameters.Draw(_denseLayout, 9);
    }

    public JobFile Job { get; }

    /// <summary>Its tables are on the parameter servers.</summary>
    public JobFile SparseJob => Job with { Embeddings = new(EmbeddingStorage.Sparse) };

    public DataScan Scan { get; }

    public static WorkHeader Work(int version, bool perTask) => new(1, version, WorkKind.Train, perTask ? null : [0.01f, 0.02f]);

    public ModelBlueprint Blueprint(JobFile job) => ModelBlueprint.Create(job.Model, Scan.Schema.ToModelInputs(job.Embeddings));

    /// <summary>The flat parameters of a job.</summary>
    public float[] Parameters(JobFile job) => [.. Blueprint(job).Layout.Entries.SelectMany(entry => Dense(entry.Name).ToArray())];

    /// <summary>What the parameter servers would answer to a pull.</summary>
    public PulledRows Pull(JobFile job, RowLists rows) => new(rows, Blueprint(job).Tables.SelectMany(table =>
        rows.Lists[table.RowList].SelectMany(row => Dense(table.Name).Slice(row * table.Dim, table.Dim).ToArray())).ToArray());

    public ShardTrainer Trainer(JobFile job, bool perTask, params int[] shards) =>
        ShardTrainer.Create(new JobPlan(Plan(job, perTask, shards), job, Scan.Schema), "me", new ShardStore(), TestContext.Current.CancellationToken);

    public static PlanHeader Plan(JobFile job, bool perTask, int[] shards) => new(
        1, JobFileWriter.Write(job), shards, StepsPerEpoch, 0, perTask, Splits.Train | Splits.Validation, [],
        StepsPerEpoch * job.Training.LocalSteps, 2 * StepsPerEpoch * job.Training.LocalSteps);

    /// <summary>What a worker sends in a step, subtree by subtree.</summary>
    public IReadOnlyList<(NodeBatch Batch, PartialSum Sum)> Train(ShardTrainer trainer, WorkHeader work) =>
        [.. TrainHolding(trainer, work).Select(node => (node.Batch, node.Sum))];

    /// <summary>With what it holds until the tasks are weighed; null: nothing.</summary>
    public IReadOnlyList<(NodeBatch Batch, PartialSum Sum, HeldRows? Held)> TrainHolding(ShardTrainer trainer, WorkHeader work)
    {
        var parameters_P = Parameters(trainer.Plan.Job);
        trainer.Load(parameters_P);
        return
        [
            .. trainer.Batches.Make(work.Version).Nodes.Select(node =>
            {
                var computed = trainer.Train(work, node, parameters_P, Pull(trainer.Plan.Job, node.Touched).Values);
                return (node, computed.Sum, computed.Held);
            }),
        ];
    }

    /// <summary>The sums over all shards, which the workers send and the parameter servers add up.</summary>
    public StepSum Total(JobFile job, bool perTask, params int[][] workers) => Total(job, perTask, version: 6, workers);

    public StepSum Total(JobFile job, bool perTask, int version, params int[][] workers)
    {
        TreeReducer<StepSum>? reducer = null;
        foreach (var shards in workers)
        {
            using var trainer = Trainer(job, perTask, shards);
            reducer ??= new TreeReducer<StepSum>(Shards, (left, right) => Add(trainer.Shape.Tables, left, right));
            foreach (var (batch, sum) in Train(trainer, Work(version, perTask)))
            {
                var flat = trainer.Shape.Gradient.Length;
                reducer.Add(batch.Node, new StepSum(sum.GradientSpan[..flat].ToArray(), new RowSum(batch.Touched, sum.GradientSpan[flat..].ToArray()), sum.Totals));
            }
        }
        return reducer!.Root;
    }

    /// <summary>All that a worker predicts of one of its shards.</summary>
    public ShardPredictions Predict(ShardTrainer trainer, int shard)
    {
        trainer.Load(Parameters(trainer.Plan.Job));
        var predictions = new ShardPredictions(trainer, new WorkHeader(1, 0, WorkKind.Validate, null), shard);
        foreach (var start in predictions.Starts)
        {
            var (rows, touched) = predictions.Chunk(start);
            predictions.Fill(start, rows, Pull(trainer.Plan.Job, touched));
        }
        return predictions;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ReadOnlySpan<float> Dense(string name)
    {
        var entry = _denseLayout.Entries.Single(entry => entry.Name == name);
        return _dense_P.AsSpan(entry.Offset, entry.Length);
    }

    private static StepSum Add(TableShape shape, StepSum left, StepSum right)
    {
        var merge = RowMerge.Of(left.Rows.Rows, right.Rows.Rows);
        var rows = new float[shape.GradientsLength(merge.Union)];
        merge.Add(shape, left.Rows.Gradients, right.Rows.Gradients, rows);
        TensorPrimitives.Add(left.Flat, right.Flat, left.Flat);
        return new StepSum(left.Flat, new RowSum(merge.Union, rows), left.Totals + right.Totals);
    }
}

/// <summary>The sums of a subtree.</summary>
/// <param name="Flat">Of the flat parameters.</param>
internal sealed record StepSum(float[] Flat, RowSum Rows, StepTotals Totals);
