using DistMtl.Aggregation;
using DistMtl.Protocol.Jobs;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>What a worker has computed in one generation serves the next one, bit by bit.</summary>
public sealed class KeptSumsTests : IDisposable
{
    private const int Version = 6;

    private readonly SmallShards _small = new();
    private readonly ShardStore _store = new();

    public void Dispose() => _small.Dispose();

    public static TheoryData<bool, bool> Jobs => new(from isSparse in new[] { false, true } from perTask in new[] { false, true } select (isSparse, perTask));

    [Theory]
    [MemberData(nameof(Jobs))]
    public void A_generation_with_more_shards_goes_on_with_the_sums_of_the_one_before_to_the_bits_of_all_at_once(bool isSparse, bool perTask)
    {
        var job = isSparse ? _small.SparseJob : _small.Job;
        Assert.Equal([0, 0], Train(job, perTask, 0, 1, 4).Select(node => node.Kept));
        Assert.Equal([2, 0, 1], Train(job, perTask, 0, 1, 2, 4).Select(node => node.Kept));
        var kept = Assert.Single(Train(job, perTask, 0, 1, 2, 3, 4));

        var whole = _small.Total(job, perTask, Version, [0, 1, 2, 3, 4]);
        Assert.Equal(4, kept.Kept);
        Assert.Equal(whole.Flat.Concat(whole.Rows.Gradients), kept.Sum);
        Assert.Equal(whole.Totals.LossSums_T, kept.Totals.LossSums_T);
        Assert.Equal(whole.Totals.Labels_T, kept.Totals.Labels_T);
        Assert.Equal(whole.Totals.Rows, kept.Totals.Rows);
    }

    [Fact]
    public void Sums_of_another_step_or_run_or_of_other_weights_are_not_taken()
    {
        Train(_small.Job, false, 0, 1);
        Assert.Equal(2, Train(_small.Job, false, 0, 1).Sum(node => node.Kept));
        Assert.Equal(0, Train(_small.Job, false, "run", Version + 1, 0, 1).Sum(node => node.Kept));
        Assert.Equal(0, Train(_small.Job, false, "run", Version, 0, 1).Sum(node => node.Kept));
        Assert.Equal(0, Train(_small.Job, true, "run", Version, 0, 1).Sum(node => node.Kept));
        Assert.Equal(0, Train(_small.Job, true, "another run", Version, 0, 1).Sum(node => node.Kept));
        _store.Clear();
        Assert.Equal(0, Train(_small.Job, true, "another run", Version, 0, 1).Sum(node => node.Kept));
    }

    [Fact]
    public void A_job_whose_shards_keep_a_state_computes_all_again()
    {
        var job = _small.Job with { Training = _small.Job.Training with { LocalSteps = 2 } };
        Train(job, false, 0, 1);
        Assert.Equal(0, Train(job, false, 0, 1).Sum(node => node.Kept));
    }

    private IReadOnlyList<(int Kept, float[] Sum, StepTotals Totals)> Train(JobFile job, bool perTask, params int[] shards) => Train(job, perTask, "run", Version, shards);

    /// <summary>One generation's step.</summary>
    private IReadOnlyList<(int Kept, float[] Sum, StepTotals Totals)> Train(JobFile job, bool perTask, string run, int version, params int[] shards)
    {
        var plan = new JobPlan(SmallShards.Plan(job, perTask, shards) with { Run = run }, job, _small.Scan.Schema);
        using var trainer = ShardTrainer.Create(plan, "me", _store, TestContext.Current.CancellationToken);
        var work = SmallShards.Work(version, perTask);
        var parameters_P = _small.Parameters(job);
        trainer.Load(parameters_P);
        trainer.Begin(work);
        return
        [
            .. trainer.Batches.Make(version).Nodes.Select(node =>
            {
                var computed = trainer.Train(work, node, parameters_P, _small.Pull(job, node.Touched).Values);
                return (computed.Kept, computed.Sum.GradientSpan.ToArray(), computed.Sum.Totals);
            }),
        ];
    }
}
