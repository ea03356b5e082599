using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Weightings;
using DistMtl.Data;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>What a worker computes of a job's shards, without a cluster.</summary>
public sealed class ShardTrainerTests : IDisposable
{
    private const int Shards = 5;
    private const int StepsPerEpoch = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("distmtl-").FullName;
    private readonly JobFile _job;
    private readonly DataScan _scan;

    public ShardTrainerTests()
    {
        var data = EcommerceGenerator.Generate(_folder, 1000, 3);
        _job = JobFileReader.Parse(
            $$"""
            name: small
            seed: 5
            data: {train: "{{data}}", validation: {fraction: 0.2}, shards: {{Shards}}, shardBy: user_id}
            features:
              - {name: item_id, kind: categorical, dim: 4}
              - {name: price, kind: numeric}
            tasks:
              - {name: click, kind: binary, label: click}
              - {name: rating, kind: regression, label: rating}
            model: {experts: 2, expert: [6, 4], tower: [3], dropout: 0.3}
            """,
            "job.yaml", _folder, [], WeightingTable.Descriptions).Job!;
        _scan = SchemaFitter.Fit(_job, TestContext.Current.CancellationToken);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_sum_over_all_shards_has_the_same_bits_however_the_shards_are_spread(bool perTask)
    {
        var together = Total(perTask, [0, 1, 2, 3, 4]);
        var apart = Total(perTask, [0, 1, 2], [3, 4]);
        var alone = Total(perTask, [4], [3], [2], [1], [0]);
        Assert.Equal(together.GradientSpan, apart.GradientSpan);
        Assert.Equal(together.GradientSpan, alone.GradientSpan);
        Assert.Equal(together.LossSums_T, alone.LossSums_T);
        Assert.Equal(together.Labels_T, alone.Labels_T);
    }

    [Fact]
    public void A_worker_sends_only_the_largest_whole_subtrees_it_owns()
    {
        using var trainer = Trainer(false, [0, 1, 2]);
        var sums = trainer.Train(Work(0, false), Parameters());
        Assert.Equal([(1, 0), (0, 2)], sums.Select(sum => (sum.Header.Level, sum.Header.Index)));
        Assert.Equal(2, sums[0].Header.RowsByShard.Length);
    }

    [Fact]
    public void Labels_are_counted_one_step_ahead_also_into_the_next_epoch()
    {
        using var trainer = Trainer(false, [0, 1, 2, 3, 4]);
        var expected = trainer.Ready().NextLabels_T;
        for (var version = 0; version < 2 * StepsPerEpoch; version++)
        {
            var total = Add(trainer.Train(Work(version, false), Parameters()));
            Assert.Equal(expected, total.Labels_T);
            expected = total.NextLabels_T;
        }
    }

    [Fact]
    public void An_epoch_takes_every_row_once()
    {
        using var trainer = Trainer(false, [0, 1, 2, 3, 4]);
        var rows = Enumerable.Range(0, StepsPerEpoch).Sum(version => Add(trainer.Train(Work(version, false), Parameters())).Rows);
        Assert.Equal(_scan.TrainRowsByShard.Sum(), rows);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Portions_add_up_to_the_whole_micro_batch(bool perTask)
    {
        var job = _job with { Model = _job.Model with { Dropout = 0 } };
        var whole = Total(job, perTask, [0, 1, 2, 3, 4]);
        var accumulated = Total(job with { Training = job.Training with { Accumulate = 3 } }, perTask, [0, 1, 2, 3, 4]);
        Assert.Equal(whole.Labels_T, accumulated.Labels_T);
        Assert.Equal(whole.NextLabels_T, accumulated.NextLabels_T);
        Assert.Equal(whole.Rows, accumulated.Rows);
        for (var task = 0; task < whole.LossSums_T.Length; task++)
            Assert.Equal(1, accumulated.LossSums_T[task] / whole.LossSums_T[task], 1e-6);
        var scale = whole.GradientSpan.ToArray().Max(Math.Abs);
        for (var i = 0; i < whole.Length; i++)
            Assert.Equal(whole.GradientSpan[i] / scale, accumulated.GradientSpan[i] / scale, 1e-6f);
    }

    [Fact]
    public void Portions_have_the_same_bits_however_the_shards_are_spread()
    {
        var job = _job with { Training = _job.Training with { Accumulate = 3 } };
        Assert.Equal(Total(job, false, [0, 1, 2, 3, 4]).GradientSpan, Total(job, false, [3, 4], [0, 1, 2]).GradientSpan);
    }

    [Fact]
    public void More_portions_than_rows_are_a_row_each()
    {
        using var whole = Trainer(_job, false, [1]);
        using var portions = Trainer(_job with { Training = _job.Training with { Accumulate = 10_000 } }, false, [1]);
        var (expected, actual) = (SumOf(whole), SumOf(portions));
        Assert.Equal(expected.Rows, actual.Rows);
        Assert.Equal(expected.Labels_T, actual.Labels_T);
        Assert.NotEqual(0, actual.LossSums_T[0]);

        PartialSum SumOf(ShardTrainer trainer) => trainer.Train(Work(6, false), Parameters())[0].Sum;
    }

    [Fact]
    public void Predictions_of_a_split_come_with_its_labels()
    {
        using var trainer = Trainer(false, [2]);
        trainer.Load(Parameters());
        var (header, buffer) = trainer.Predict(new WorkHeader(1, 0, WorkKind.Validate, null), 2);
        using var predictions = buffer;
        Assert.Equal(_scan.ValidationRowsByShard[2], header.Rows);
        Assert.Equal(4 * header.Rows, predictions.Numbers.Length);
        Assert.All(predictions.Numbers[..header.Rows].ToArray(), p => Assert.InRange(p, 0f, 1f));
        Assert.All(predictions.Numbers.Slice(header.Rows, header.Rows).ToArray(), label => Assert.True(label is 0 or 1));
    }

    [Fact]
    public void The_rows_groups_end_the_predictions_of_a_job_that_has_some()
    {
        var job = _job with { Data = _job.Data with { GroupBy = "user_id" } };
        using var trainer = Trainer(job, false, [2]);
        trainer.Load(Parameters());
        var (header, buffer) = trainer.Predict(new WorkHeader(1, 0, WorkKind.Validate, null), 2);
        using var predictions = buffer;
        Assert.True(header.HasGroups);
        Assert.Equal(header.Rows * (4 * sizeof(float) + sizeof(long)), predictions.ByteCount);
        var rows = ShardLoader.Load(
            job, _scan.Schema, new HashSet<int> { 2 }, new HashSet<Split> { Split.Validation }, TestContext.Current.CancellationToken)[2].Validation;
        Assert.Equal(rows.Groups_B!, MemoryMarshal.Cast<byte, long>(predictions.GetSpan()[^(header.Rows * sizeof(long))..]).ToArray());
        Assert.True(rows.Groups_B!.Distinct().Count() > 1);
        Assert.False(PredictWithoutGroups().HasGroups);
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_refused_and_named()
    {
        using var trainer = Trainer(false, [1]);
        var parameters_P = Parameters();
        Array.Fill(parameters_P, float.NaN);
        var error = Assert.Throws<Protocol.JobException>(() => trainer.Train(Work(6, false), parameters_P));
        Assert.Contains("task 'click'", error.Message, StringComparison.Ordinal);
        Assert.Contains("step 7 on shard 1 (worker me)", error.Message, StringComparison.Ordinal);
        Assert.Equal(Protocol.ExitCode.TrainingFailed, error.ExitCode);
    }

    private PartialSum Total(bool perTask, params int[][] workers) => Total(_job, perTask, workers);

    private PartialSum Total(JobFile job, bool perTask, params int[][] workers)
    {
        var reducer = new TreeReducer(Shards);
        foreach (var shards in workers)
        {
            using var trainer = Trainer(job, perTask, shards);
            foreach (var (header, sum) in trainer.Train(Work(6, perTask), Parameters()))
                reducer.Add(new TreeNode(header.Level, header.Index), sum);
        }
        return reducer.Root;
    }

    private static PartialSum Add(IEnumerable<(SumHeader Header, PartialSum Sum)> sums)
    {
        var reducer = new TreeReducer(Shards);
        foreach (var (header, sum) in sums)
            reducer.Add(new TreeNode(header.Level, header.Index), sum);
        return reducer.Root;
    }

    private PredictionsHeader PredictWithoutGroups()
    {
        using var trainer = Trainer(false, [2]);
        trainer.Load(Parameters());
        var (header, buffer) = trainer.Predict(new WorkHeader(1, 0, WorkKind.Validate, null), 2);
        using (buffer)
            return header;
    }

    private ShardTrainer Trainer(bool perTask, int[] shards) => Trainer(_job, perTask, shards);

    private ShardTrainer Trainer(JobFile job, bool perTask, int[] shards) => ShardTrainer.Create(
        new JobPlan(
            new PlanHeader(1, JobFileWriter.Write(job), shards, StepsPerEpoch, 0, perTask, Splits.Train | Splits.Validation), job, _scan.Schema),
        "me", TestContext.Current.CancellationToken);

    private static WorkHeader Work(int version, bool perTask) => new(1, version, WorkKind.Train, perTask ? null : [0.01f, 0.02f]);

    private float[] Parameters() => InitialParameters.Draw(ModelBlueprint.Create(_job.Model, _scan.Schema.ToModelInputs(EmbeddingSettings.Default)).Layout, 9);
}
