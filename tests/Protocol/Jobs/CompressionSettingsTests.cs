using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class CompressionSettingsTests
{
    [Fact]
    public void The_short_form_says_the_same_as_the_long_one()
    {
        foreach (var kind in new[] { "none", "fp16", "bf16", "int8", "topk", "powersgd" })
            Assert.Equal(Read($"{{kind: {kind}}}"), Read(kind));
    }

    [Fact]
    public void Keys_are_read_and_written_out()
    {
        var text = "{kind: topk, ratio: 0.001, momentum: 0.9, clipNorm: 2, warmupEpochs: 4, warmupSteps: 0}";
        var job = TestJob.Valid(TestJob.With("training: {epochs: 3}", $"training: {{compression: {text}}}").Replace("kind: adam", "kind: sgd", StringComparison.Ordinal));

        Assert.Equal(new CompressionSettings(CompressionKind.TopK) { Ratio = 0.001, Momentum = 0.9, ClipNorm = 2, WarmupEpochs = 4 }, job.Training.Compression);
        Assert.Contains($"  compression: {text}\n", JobFileWriter.Write(job), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_written_where_nothing_is_compressed() =>
        Assert.DoesNotContain("compression", JobFileWriter.Write(TestJob.Valid(TestJob.Text)), StringComparison.Ordinal);

    [Fact]
    public void A_variant_with_another_kind_leaves_out_keys_that_are_not_its_own()
    {
        var job = TestJob.Valid(TestJob.Text, "training.compression={kind: topk, ratio: 0.5}");

        Assert.Equal(new CompressionSettings(CompressionKind.Int8), JobVariant.Read(job, ["training.compression.kind=int8"], "variant", TestJob.Weightings).Job!.Training.Compression);
    }

    [Fact]
    public void The_shards_take_over_the_momentum_of_sgd_alone()
    {
        var topK = new CompressionSettings(CompressionKind.TopK);
        var sgd = Optimizer(OptimizerKind.Sgd) with { Groups = [new ParameterGroup("a", null, 0.5), new ParameterGroup("b", 1, null)] };

        Assert.Equal(0.75, topK.ShardMomentum(sgd));
        var server = topK.ServerOptimizer(sgd);
        Assert.Equal(0, server.Momentum);
        Assert.Equal(0.4, server.WeightDecay, 12);
        Assert.Equal([2.0, null], server.Groups.Select(group => group.WeightDecay));

        Assert.Equal(0.5, (topK with { Momentum = 0.5 }).ShardMomentum(sgd));
        Assert.Equal(sgd, (topK with { Momentum = 0 }).ServerOptimizer(sgd));
        Assert.Equal(sgd, new CompressionSettings(CompressionKind.PowerSgd).ServerOptimizer(sgd));
        Assert.All([OptimizerKind.Adam, OptimizerKind.AdamW, OptimizerKind.Adagrad], kind => Assert.Equal(Optimizer(kind), topK.ServerOptimizer(Optimizer(kind))));
    }

    private static OptimizerSettings Optimizer(OptimizerKind kind) => new(kind, 0.01, 0.1, 0.9, 0.999, 1e-8, 0.75);

    private static CompressionSettings Read(string value) =>
        TestJob.Valid(TestJob.With("training: {epochs: 3}", $"training: {{compression: {value}}}")).Training.Compression;
}
