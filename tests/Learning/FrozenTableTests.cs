using DistMtl.Data;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.Learning.Tests;

public sealed class FrozenTableTests
{
    private static readonly ModelInputs Inputs = new(
        DenseWidth: 0,
        Tables: [new("user", 5, 4), new("item", 6, 4) { LearningRate = 0 }],
        Lookups: [new("user", 0, false), new("item", 1, false), new("history", 1, true)],
        Tasks: [new("click", TaskKind.Binary, 1, 0)]);

    private static readonly EncodedRows Rows = new()
    {
        Count = 3,
        DenseWidth = 0,
        Dense_BD = [],
        CategoricalCount = 2,
        Ids_BC = [1, 2, 3, 4, 4, 5],
        Sequences = [new SequenceColumn([1, 2, 3], [0, 2, 2, 3])],
        TaskCount = 1,
        Labels_BT = [1, 0, 1],
    };

    [Theory]
    [InlineData(Architecture.SharedBottom, "")]
    [InlineData(Architecture.SingleTask, "click.")]
    public void A_frozen_table_is_read_and_gets_no_gradient(Architecture architecture, string prefix)
    {
        using var frozen = Start(Inputs, architecture);
        using var free = Start(Inputs with { Tables = [.. Inputs.Tables.Select(table => table with { LearningRate = null })] }, architecture);

        Assert.All(Gradient(frozen, $"{prefix}embedding.item"), gradient => Assert.Equal(0, gradient));
        Assert.Contains(Gradient(free, $"{prefix}embedding.item"), gradient => gradient != 0);
        Assert.Equal(Gradient(free, $"{prefix}embedding.user"), Gradient(frozen, $"{prefix}embedding.user"));
        Assert.Equal(free.Predict(Rows, PulledRows.None)[0], frozen.Predict(Rows, PulledRows.None)[0]);
    }

    private static Learner Start(ModelInputs inputs, Architecture architecture)
    {
        var learner = new Learner(new ModelSettings(architecture, 1, [], [8], [], 0), inputs, TorchRuntime.Start(DeviceKind.Cpu));
        learner.Load(InitialParameters.Draw(learner.Layout, 3));
        return learner;
    }

    private static float[] Gradient(Learner learner, string name)
    {
        var gradients_P = new float[learner.Layout.Length];
        learner.CombinedGradient(Rows, PulledRows.None, 1, [1f], gradients_P);
        var entry = learner.Layout.Entries.Single(entry => entry.Name == name);
        return gradients_P[entry.Offset..(entry.Offset + entry.Length)];
    }
}
