using DistMtl.Aggregation.Tables;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Tables;

public sealed class RowSettingsTests
{
    private static readonly OptimizerSettings Adam = new(OptimizerKind.Adam, 0.001, 0.1, 0.8, 0.9, 1e-6, 0);
    private static readonly TaskSettings[] Tasks = [new("click", TaskKind.Binary, "c", null, []) { LearningRate = 0.5 }];

    private static RowSettings Of(OptimizerSettings optimizer, EmbeddingSettings? embeddings = null, int? task = null, double? rate = null) =>
        RowSettings.Of(SomeTable.Entry() with { Task = task, LearningRate = rate }, optimizer, embeddings ?? EmbeddingSettings.Default, Tasks);

    [Fact]
    public void They_go_with_the_optimizer() =>
        Assert.Equal(new RowSettings(RowOptimizerKind.Adam, 0.001, 0.1, false, 0.8, 0.9, 1e-6), Of(Adam));

    [Theory]
    [InlineData(OptimizerKind.AdamW, RowOptimizerKind.Adam, true)]
    [InlineData(OptimizerKind.Sgd, RowOptimizerKind.Sgd, false)]
    [InlineData(OptimizerKind.Adagrad, RowOptimizerKind.RowwiseAdagrad, false)]
    public void Each_optimizer_has_its_rule_for_rows(OptimizerKind kind, RowOptimizerKind rule, bool isDecoupled)
    {
        var settings = Of(Adam with { Kind = kind });

        Assert.Equal((rule, isDecoupled), (settings.Kind, settings.IsDecoupled));
    }

    [Fact]
    public void The_embeddings_section_says_otherwise()
    {
        var embeddings = new EmbeddingSettings(EmbeddingStorage.Auto) { Optimizer = new(RowOptimizerKind.Adagrad, 0.2), Admission = 3, Expiry = 70 };

        Assert.Equal(
            new RowSettings(RowOptimizerKind.Adagrad, 0.2, 0.1, false, 0.8, 0.9, 1e-6) { Admission = 3, Expiry = 70 },
            Of(Adam, embeddings));
    }

    [Fact]
    public void The_nearest_learning_rate_counts()
    {
        var embeddings = new EmbeddingSettings(EmbeddingStorage.Auto) { Optimizer = new(RowOptimizerKind.Adam, 0.2) };
        var grouped = Adam with { Groups = [new ParameterGroup("embedding.item", 0.9, 0.9), new ParameterGroup("embedding.*", 0.4, 0)] };

        Assert.Equal(0.5, Of(Adam, task: 0).LearningRate);
        Assert.Equal(0.2, Of(Adam, embeddings, task: 0).LearningRate);
        Assert.Equal(0.3, Of(Adam, embeddings, rate: 0.3).LearningRate);
        Assert.Equal((0.4, 0), (Of(grouped, embeddings, rate: 0.3).LearningRate, Of(grouped).WeightDecay));
        Assert.True(Of(grouped, embeddings, rate: 0).IsFrozen);
    }
}
