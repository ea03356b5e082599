using DistMtl.Aggregation.Optimizers;
using DistMtl.Data;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>Steps that a shard takes by itself, beside the single steps that it would take alone.</summary>
public sealed class LocalStepsTests : IDisposable
{
    private const int Shard = 2;
    private const int Steps = 3;

    private static readonly float[] s_weights_T = [0.7f, 0.2f];

    private readonly SmallShards _small = new();

    public void Dispose() => _small.Dispose();

    /// <summary>Dropout has seeds of its own in a round, so there is none.</summary>
    private JobFile Single => _small.Job with
    {
        Embeddings = new(EmbeddingStorage.Dense),
        Model = _small.Job.Model with { Dropout = 0 },
        Optimizer = _small.Job.Optimizer with { ClipNorm = 0.5 },
    };

    private JobFile Local => Single with { Training = Single.Training with { LocalSteps = Steps } };

    [Fact]
    public void Local_steps_are_the_single_steps_of_one_shard_alone()
    {
        using var local = _small.Trainer(Local, false, Shard);
        using var single = _small.Trainer(Single, false, Shard);
        var layout = _small.Blueprint(Single).Layout;
        var optimizer = Optimizer.Create(Single.Optimizer, ParameterSegment.Of(layout, Single.Optimizer, Single.Tasks, []));
        for (var round = 0; round < 2; round++)
        {
            // What all shards' moves have made of the parameters meanwhile is no matter of the shard's.
            float[] start_P = [.. _small.Parameters(Single).Select(parameter => parameter * (1 - 0.1f * round))];
            var node = local.Batches.Make(round).Nodes.Single();
            var move_P = local.Train(Work(round, s_weights_T), node, start_P, default).Sum.GradientSpan.ToArray();

            Assert.Equal(Steps, node.Shards.Single().Batches.Count);
            var alone_P = start_P.ToArray();
            foreach (var (rows, place) in node.Shards.Single().Batches.Select((rows, place) => (rows, place)))
            {
                var labels_T = Labels(rows);
                float[] coefficients_T = [.. s_weights_T.Select((weight, task) => labels_T[task] == 0 ? 0 : (float)(weight * (1.0 / labels_T[task])))];
                var one = node with { Shards = [new ShardBatch(Shard, [rows], labels_T)] };
                single.Load(alone_P);
                var gradients_P = single.Train(Work(round * Steps + place, coefficients_T), one, alone_P, default).Sum.GradientSpan.ToArray();
                GradientClipping.Clip(gradients_P, optimizer.Segments.AsSpan(), Single.Optimizer.ClipNorm!.Value);
                optimizer.Step(alone_P, gradients_P, 1);
            }
            Assert.NotEqual(start_P, alone_P);
            Assert.Equal(start_P.Zip(alone_P, (start, end) => start - end), move_P);
        }
    }

    [Fact]
    public void A_shard_that_moves_to_another_worker_goes_on_with_its_moments()
    {
        using var first = _small.Trainer(Local, false, Shard);
        using var second = _small.Trainer(Local, false, Shard);
        using var forgetful = _small.Trainer(Local, false, Shard);
        Round(first, 0);
        second.Restore(Shard, step: 1, first.StateOf(Shard).ToDictionary(vector => vector.Key, vector => vector.Value.ToArray()));

        var expected = Round(first, 1);

        Assert.Equal(expected, Round(second, 1));
        Assert.NotEqual(expected, Round(forgetful, 1));
    }

    [Fact]
    public void The_rounds_of_an_epoch_take_every_row_once()
    {
        using var local = _small.Trainer(Local, false, 0, 1, 2, 3, 4);
        var rows = Enumerable.Range(0, SmallShards.StepsPerEpoch).Sum(round => local.Batches.Make(round).Nodes.Sum(node => node.Shards.Sum(shard => shard.Rows)));
        Assert.Equal(_small.Scan.TrainRowsByShard.Sum(), rows);
    }

    private float[] Round(ShardTrainer trainer, int round) =>
        trainer.Train(Work(round, s_weights_T), trainer.Batches.Make(round).Nodes.Single(), _small.Parameters(Local), default).Sum.GradientSpan.ToArray();

    private static WorkHeader Work(int version, float[] coefficients_T) => new(1, version, WorkKind.Train, coefficients_T);

    private static long[] Labels(EncodedRows rows)
    {
        var labels_T = new long[s_weights_T.Length];
        for (var i = 0; i < rows.Labels_BT.Length; i++)
            labels_T[i % labels_T.Length] += float.IsNaN(rows.Labels_BT[i]) ? 0 : 1;
        return labels_T;
    }
}
