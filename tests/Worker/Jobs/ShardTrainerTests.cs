using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.Data;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>What a worker computes of a job's shards, without a cluster.</summary>
public sealed class ShardTrainerTests : IDisposable
{
    private readonly SmallShards _small = new();

    public void Dispose() => _small.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_sum_over_all_shards_has_the_same_bits_however_the_shards_are_spread(bool perTask)
    {
        var together = _small.Total(_small.Job, perTask, [0, 1, 2, 3, 4]);
        var apart = _small.Total(_small.Job, perTask, [0, 1, 2], [3, 4]);
        var alone = _small.Total(_small.Job, perTask, [4], [3], [2], [1], [0]);
        Assert.Equal(together.Flat, apart.Flat);
        Assert.Equal(together.Flat, alone.Flat);
        Assert.Equal(together.Totals.LossSums_T, alone.Totals.LossSums_T);
        Assert.Equal(together.Totals.Labels_T, alone.Totals.Labels_T);
    }

    [Fact]
    public void A_worker_sends_only_the_largest_whole_subtrees_it_owns()
    {
        using var trainer = _small.Trainer(_small.Job, false, 0, 1, 2);
        var sums = _small.Train(trainer, SmallShards.Work(0, false));
        Assert.Equal([new TreeNode(1, 0), new TreeNode(0, 2)], sums.Select(sum => sum.Batch.Node));
        Assert.Equal([0, 1], sums[0].Batch.Shards.Select(shard => shard.Shard));
    }

    [Fact]
    public void Labels_are_counted_one_step_ahead_also_into_the_next_epoch()
    {
        using var trainer = _small.Trainer(_small.Job, false, 0, 1, 2, 3, 4);
        var expected = trainer.Ready(trainer.Batches.Make(0)).NextLabels_T;
        for (var version = 0; version < 2 * SmallShards.StepsPerEpoch; version++)
        {
            var totals = _small.Train(trainer, SmallShards.Work(version, false)).Single().Sum.Totals;
            Assert.Equal(expected, totals.Labels_T);
            expected = trainer.Batches.Make(version + 1).Labels_T;
        }
    }

    [Fact]
    public void Micro_batches_are_a_function_of_the_version_whichever_were_made_before()
    {
        using var trainer = _small.Trainer(_small.SparseJob, false, 0, 1, 2);
        using var other = _small.Trainer(_small.SparseJob, false, 0, 1, 2);
        foreach (var version in new[] { 7, 2, 6, 3 })
            trainer.Batches.Make(version);
        Assert.Equal(Ids(other.Batches.Make(6)), Ids(trainer.Batches.Make(6)));
        Assert.NotEqual(Ids(other.Batches.Make(6)), Ids(trainer.Batches.Make(2)));

        static IEnumerable<int> Ids(StepBatch batch) => batch.Nodes.SelectMany(node => node.Shards).SelectMany(shard => shard.Batches.Single().Ids_BC);
    }

    [Fact]
    public void An_epoch_takes_every_row_once()
    {
        using var trainer = _small.Trainer(_small.Job, false, 0, 1, 2, 3, 4);
        var rows = Enumerable.Range(0, SmallShards.StepsPerEpoch).Sum(version => _small.Train(trainer, SmallShards.Work(version, false)).Single().Sum.Totals.Rows);
        Assert.Equal(_small.Scan.TrainRowsByShard.Sum(), rows);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Portions_add_up_to_the_whole_micro_batch(bool perTask)
    {
        var job = _small.SparseJob with { Model = _small.Job.Model with { Dropout = 0 } };
        var whole = _small.Total(job, perTask, [0, 1, 2, 3, 4]);
        var accumulated = _small.Total(job with { Training = job.Training with { Accumulate = 3 } }, perTask, [0, 1, 2, 3, 4]);
        Assert.Equal(whole.Totals.Labels_T, accumulated.Totals.Labels_T);
        Assert.Equal(whole.Totals.Rows, accumulated.Totals.Rows);
        for (var task = 0; task < whole.Totals.LossSums_T.Length; task++)
            Assert.Equal(1, accumulated.Totals.LossSums_T[task] / whole.Totals.LossSums_T[task], 1e-6);
        AssertClose(whole.Flat, accumulated.Flat);
        Assert.Equal(whole.Rows.Rows.Lists, accumulated.Rows.Rows.Lists);
        AssertClose(whole.Rows.Gradients, accumulated.Rows.Gradients);
    }

    [Fact]
    public void Portions_have_the_same_bits_however_the_shards_are_spread()
    {
        var job = _small.SparseJob with { Training = _small.Job.Training with { Accumulate = 3 } };
        var (together, apart) = (_small.Total(job, false, [0, 1, 2, 3, 4]), _small.Total(job, false, [3, 4], [0, 1, 2]));
        Assert.Equal(together.Flat, apart.Flat);
        Assert.Equal(together.Rows.Gradients, apart.Rows.Gradients);
    }

    [Fact]
    public void More_portions_than_rows_are_a_row_each()
    {
        using var whole = _small.Trainer(_small.Job, false, 1);
        using var portions = _small.Trainer(_small.Job with { Training = _small.Job.Training with { Accumulate = 10_000 } }, false, 1);
        var (expected, actual) = (TotalsOf(whole), TotalsOf(portions));
        Assert.Equal(expected.Rows, actual.Rows);
        Assert.Equal(expected.Labels_T, actual.Labels_T);
        Assert.NotEqual(0, actual.LossSums_T[0]);

        StepTotals TotalsOf(ShardTrainer trainer) => _small.Train(trainer, SmallShards.Work(6, false)).Single().Sum.Totals;
    }

    [Fact]
    public void Predictions_of_a_split_come_with_its_labels()
    {
        using var trainer = _small.Trainer(_small.Job, false, 2);
        using var predictions = _small.Predict(trainer, 2);
        var (header, numbers) = (predictions.Header, predictions.Buffer.Numbers.ToArray());
        Assert.Equal(_small.Scan.ValidationRowsByShard[2], header.Rows);
        Assert.Equal(4 * header.Rows, numbers.Length);
        Assert.All(numbers[..header.Rows], p => Assert.InRange(p, 0f, 1f));
        Assert.All(numbers[header.Rows..(2 * header.Rows)], label => Assert.True(label is 0 or 1));
    }

    [Fact]
    public void The_rows_groups_end_the_predictions_of_a_job_that_has_some()
    {
        var job = _small.Job with { Data = _small.Job.Data with { GroupBy = "user_id" } };
        using var trainer = _small.Trainer(job, false, 2);
        using var predictions = _small.Predict(trainer, 2);
        var header = predictions.Header;
        Assert.True(header.HasGroups);
        Assert.Equal(header.Rows * (4 * sizeof(float) + sizeof(long)), predictions.Buffer.ByteCount);
        var rows = ShardLoader.Load(
            job, _small.Scan.Schema, new HashSet<int> { 2 }, new HashSet<Split> { Split.Validation }, TestContext.Current.CancellationToken)[2].Validation;
        Assert.Equal(rows.Groups_B!, MemoryMarshal.Cast<byte, long>(predictions.Buffer.GetSpan()[^(header.Rows * sizeof(long))..]).ToArray());
        Assert.True(rows.Groups_B!.Distinct().Count() > 1);

        using var groupless = _small.Trainer(_small.Job, false, 2);
        using var without = _small.Predict(groupless, 2);
        Assert.False(without.Header.HasGroups);
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_refused_and_named()
    {
        using var trainer = _small.Trainer(_small.Job, false, 1);
        var parameters_P = _small.Parameters(_small.Job);
        Array.Fill(parameters_P, float.NaN);
        trainer.Load(parameters_P);
        var batch = trainer.Batches.Make(6).Nodes.Single();
        var error = Assert.Throws<Protocol.JobException>(() => trainer.Train(SmallShards.Work(6, false), batch, parameters_P, default));
        Assert.Contains("task 'click'", error.Message, StringComparison.Ordinal);
        Assert.Contains("step 7 on shard 1 (worker me)", error.Message, StringComparison.Ordinal);
        Assert.Equal(Protocol.ExitCode.TrainingFailed, error.ExitCode);
    }

    /// <summary>As whoever reads the file counts them, though the micro-batch has them in an order of its own.</summary>
    [Fact]
    public void Rows_that_are_not_finite_are_named_by_their_place_in_the_shard()
    {
        using var trainer = _small.Trainer(_small.Job, false, 1);
        var parameters_P = _small.Parameters(_small.Job);
        trainer.Load(parameters_P);
        var batch = WithNaN(trainer.Batches.Make(6).Nodes.Single(), 3, 8);
        var numbers = trainer.Batches.RowNumbers(1, 6);
        var error = Assert.Throws<Protocol.JobException>(() => trainer.Train(SmallShards.Work(6, false), batch, parameters_P, default));
        Assert.Contains($"row {numbers[3]}, {numbers[8]} of the shard's {_small.Scan.TrainRowsByShard[1]} training rows", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_step_that_may_be_skipped_says_why_and_hands_on_no_number_that_is_not_finite(bool perTask)
    {
        var job = _small.Job with { Training = _small.Job.Training with { OnNonFinite = Protocol.Jobs.NonFiniteAction.Skip } };
        using var trainer = _small.Trainer(job, perTask, 1);
        var parameters_P = _small.Parameters(job);
        trainer.Load(parameters_P);
        var (sum, _, _) = trainer.Train(SmallShards.Work(6, perTask), WithNaN(trainer.Batches.Make(6).Nodes.Single(), 0), parameters_P, default);
        Assert.Contains("the loss of task 'click' is NaN at step 7 on shard 1", sum.Totals.NotFinite, StringComparison.Ordinal);
        Assert.All(sum.GradientSpan.ToArray(), gradient => Assert.Equal(0, gradient));
        Assert.All(sum.Totals.LossSums_T, loss => Assert.Equal(0, loss));

        var (next, _, _) = trainer.Train(SmallShards.Work(7, perTask), trainer.Batches.Make(7).Nodes.Single(), parameters_P, default);
        Assert.Null(next.Totals.NotFinite);
    }

    private static NodeBatch WithNaN(NodeBatch batch, params int[] places)
    {
        var shard = batch.Shards.Single();
        var rows = shard.Batches.Single();
        float[] dense_BD = [.. rows.Dense_BD];
        foreach (var place in places)
            dense_BD[place * rows.DenseWidth] = float.NaN;
        return batch with { Shards = [shard with { Batches = [rows with { Dense_BD = dense_BD }] }] };
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        Assert.True(scale > 0);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i] / scale, actual[i] / scale, 1e-6f);
    }
}
