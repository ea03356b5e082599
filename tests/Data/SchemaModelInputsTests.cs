using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Tests;

public sealed class SchemaModelInputsTests
{
    private const double Rate = 0.04;

    public static TheoryData<LossSettings> Losses =>
    [
        new LossSettings(LossKind.LogLoss),
        new LossSettings(LossKind.LogLoss) { PositiveWeight = 5 },
        new LossSettings(LossKind.LogLoss) { PositiveWeight = null },
        new LossSettings(LossKind.LogLoss) { PositiveWeight = 3, LabelSmoothing = 0.2 },
        new LossSettings(LossKind.Focal) { Gamma = 0, Alpha = 0.25, LabelSmoothing = 0.1 },
    ];

    [Theory]
    [MemberData(nameof(Losses))]
    public void A_binary_head_starts_at_the_constant_that_its_weighted_loss_is_least_for(LossSettings loss)
    {
        var task = Schema(loss, Rate).ToModelInputs(EmbeddingSettings.Default).Tasks[0];
        var probability = 1 / (1 + Math.Exp(-task.InitialBias));
        var alpha = loss.Alpha ?? 0.5;
        var (positive, negative) = (Rate * task.Loss.PositiveWeight!.Value * alpha, (1 - Rate) * (1 - alpha));
        var half = loss.LabelSmoothing / 2;
        // The slope of the expected cross-entropy by the logit is w (p - t), summed over both classes.
        Assert.Equal(0, positive * (probability - (1 - half)) + negative * (probability - half), 1e-6);
    }

    [Fact]
    public void Balanced_weighs_a_positive_row_as_many_negative_ones_as_there_are_for_it()
    {
        var balanced = new LossSettings(LossKind.LogLoss) { PositiveWeight = null };
        Assert.Equal(24, Schema(balanced, Rate).ToModelInputs(EmbeddingSettings.Default).Tasks[0].Loss.PositiveWeight!.Value, 1e-9);
        Assert.Equal(0, Schema(balanced, Rate).ToModelInputs(EmbeddingSettings.Default).Tasks[0].InitialBias, 1e-6f);
        // Labels of one class only: the weight stays finite.
        Assert.InRange(Schema(balanced, 0).ToModelInputs(EmbeddingSettings.Default).Tasks[0].Loss.PositiveWeight!.Value, 1, 1e4);
    }

    [Fact]
    public void A_schema_carries_each_tasks_loss_and_learning_rate()
    {
        var schema = Schema(new LossSettings(LossKind.Focal) { Alpha = 0.3, PositiveWeight = null }, Rate);
        var again = DataSchema.FromJson(schema.ToJson());
        Assert.Equal(schema.Tasks[0].Settings.Loss, again.Tasks[0].Settings.Loss);
        Assert.Equal(0.5, again.Tasks[0].Settings.LearningRate);
    }

    private static DataSchema Schema(LossSettings loss, double rate) => new(
        [], [new FittedTask(new TaskSettings("click", TaskKind.Binary, "click", null, []) { Loss = loss, LearningRate = 0.5 }, null, rate, 1, null, 1000)]);
}
