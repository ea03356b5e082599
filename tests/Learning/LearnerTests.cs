using DistMtl.Data;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.Learning.Tests;

public sealed class LearnerTests
{
    private static readonly ModelInputs Inputs = new(
        DenseWidth: 3,
        Tables: [new("user", 11, 4), new("item", 7, 4), new("city", 5, 2)],
        Lookups: [new("user", 0, false), new("item", 1, false), new("city", 2, false), new("history", 1, true)],
        Tasks: [new("click", TaskKind.Binary, 1, -1), new("class", TaskKind.Multiclass, 3, 0), new("rating", TaskKind.Regression, 1, 0)])
    {
        Domains = 2,
    };

    private static readonly ModelSettings Mmoe = new(Architecture.Mmoe, 3, [8, 6], [], [4], 0);

    public static TheoryData<Architecture> Architectures => [.. Enum.GetValues<Architecture>()];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_combined_gradient_is_the_weighted_sum_of_the_tasks_gradients(Architecture architecture)
    {
        using var learner = Start(Model(architecture), out var parameters_P);
        learner.Load(parameters_P);
        var rows = Rows(20);
        float[] coefficients_T = [0.5f, 2f, 0.25f];
        var combined_P = new float[learner.Layout.Length];
        var combinedLosses_T = learner.CombinedGradient(rows, PulledRows.None, 1, coefficients_T, combined_P);
        var (losses_T, gradients_TP) = TaskGradients(learner, rows, 1);
        Assert.Equal(losses_T, combinedLosses_T);
        for (var i = 0; i < combined_P.Length; i++)
            Assert.Equal(coefficients_T.Select((c, t) => c * gradients_TP[t][i]).Sum(), combined_P[i], 1e-3f);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Gradients_agree_with_finite_differences(Architecture architecture)
    {
        using var learner = Start(Model(architecture), out var parameters_P);
        var rows = Rows(6);
        learner.Load(parameters_P);
        var (_, gradients_TP) = TaskGradients(learner, rows, 1);
        var random = new StableRandom(5);
        const float step = 2e-3f;
        var (agreeing, probes) = (0, 0);
        for (var probe = 0; probe < 40; probe++)
        {
            var i = random.Next(parameters_P.Length);
            var (up, down) = (LossesAt(learner, parameters_P, i, step, rows), LossesAt(learner, parameters_P, i, -step, rows));
            for (var t = 0; t < up.Length; t++, probes++)
            {
                var difference = (up[t] - down[t]) / (2 * step) - gradients_TP[t][i];
                agreeing += Math.Abs(difference) <= 0.01 * Math.Max(1, Math.Abs(gradients_TP[t][i])) ? 1 : 0;
            }
        }
        // Where the step crosses a ReLU's kink the difference means nothing; that is rare.
        Assert.InRange(agreeing, 0.9 * probes, probes);
    }

    [Fact]
    public void A_row_without_a_label_adds_nothing_to_that_tasks_loss_and_gradient()
    {
        using var learner = Start(Mmoe, out var parameters_P);
        learner.Load(parameters_P);
        var rows = Rows(10);
        for (var b = 5; b < 10; b++)
            rows.Labels_BT[b * 3] = float.NaN;
        var (losses_T, gradients_TP) = TaskGradients(learner, rows, 1);
        for (var b = 0; b < 5; b++)
            rows.Labels_BT[b * 3] = float.NaN;
        var (none_T, noGradients_TP) = TaskGradients(learner, rows, 1);
        Assert.True(losses_T[0] > 0);
        Assert.Contains(gradients_TP[0], g => g != 0);
        Assert.Equal(0, none_T[0]);
        Assert.All(noGradients_TP[0], g => Assert.Equal(0, g));
        Assert.Equal(losses_T[1], none_T[1]);
    }

    [Fact]
    public void A_rows_weight_is_how_often_it_counts()
    {
        using var learner = Start(Mmoe, out var parameters_P);
        learner.Load(parameters_P);
        var rows = Rows(6);
        var (weighted_T, weightedGradients_TP) = TaskGradients(learner, Weighted(rows, [1, 2, 0, 1, 3, 1]), 1);
        var (repeated_T, repeatedGradients_TP) = TaskGradients(learner, rows.Gather([0, 1, 1, 3, 4, 4, 4, 5]), 1);
        for (var t = 0; t < weighted_T.Length; t++)
        {
            Assert.Equal(repeated_T[t], weighted_T[t], 1e-4);
            for (var i = 0; i < weightedGradients_TP[t].Length; i++)
                Assert.Equal(repeatedGradients_TP[t][i], weightedGradients_TP[t][i], 1e-4f);
        }
    }

    [Fact]
    public void Dropout_depends_on_the_seed_alone()
    {
        using var learner = Start(Mmoe with { Dropout = 0.4 }, out var parameters_P);
        learner.Load(parameters_P);
        var rows = Rows(10);
        var (_, first) = TaskGradients(learner, rows, 7);
        var (_, other) = TaskGradients(learner, rows, 8);
        TorchSharp.torch.manual_seed(99);
        var (_, again) = TaskGradients(learner, rows, 7);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Dropout_is_for_training_alone()
    {
        using var plain = Start(Mmoe, out var parameters_P);
        using var dropping = Start(Mmoe with { Dropout = 0.4 }, out _);
        plain.Load(parameters_P);
        dropping.Load(parameters_P);
        Assert.Equal(plain.Predict(Rows(9), PulledRows.None), dropping.Predict(Rows(9), PulledRows.None));
        Assert.NotEqual(TaskGradients(plain, Rows(9), 1).Losses_T, TaskGradients(dropping, Rows(9), 1).Losses_T);
    }

    [Fact]
    public void Predictions_are_probabilities_where_the_task_has_classes()
    {
        using var learner = Start(Mmoe, out var parameters_P);
        learner.Load(parameters_P);
        var predictions_T = learner.Predict(Rows(9), PulledRows.None);
        Assert.Equal([9, 27, 9], predictions_T.Select(p => p.Length));
        Assert.All(predictions_T[0], p => Assert.InRange(p, 0f, 1f));
        Assert.All(predictions_T[1].Chunk(3), p => Assert.Equal(1f, p.Sum(), 1e-5f));
    }

    /// <summary>The tasks follow each other where the architecture is about that.</summary>
    private static ModelInputs InputsOf(Architecture architecture) => architecture switch
    {
        Architecture.Esmm or Architecture.Aitm => Inputs with
        {
            Tasks = [Inputs.Tasks[0], new("cart", TaskKind.Binary, 1, -2) { After = [0] }, new("purchase", TaskKind.Binary, 1, -3) { After = [1] }],
        },
        _ => Inputs,
    };

    private static ModelSettings Model(Architecture architecture) => new(architecture, 4, [8, 6], [8, 6], [4], 0);

    private static Learner Start(ModelSettings model, out float[] parameters_P)
    {
        var learner = new Learner(model, InputsOf(model.Architecture), TorchRuntime.Start(DeviceKind.Cpu));
        parameters_P = InitialParameters.Draw(learner.Layout, 3);
        return learner;
    }

    private static double[] LossesAt(Learner learner, float[] parameters_P, int index, float change, EncodedRows rows)
    {
        var moved_P = parameters_P.ToArray();
        moved_P[index] += change;
        learner.Load(moved_P);
        return learner.CombinedGradient(rows, PulledRows.None, 1, [1, 1, 1], new float[moved_P.Length]);
    }

    /// <summary>Each task's gradient as a whole vector of P.</summary>
    private static (double[] Losses_T, float[][] Gradients_TP) TaskGradients(Learner learner, EncodedRows rows, ulong seed)
    {
        var layout = learner.Layout;
        var tasks = Inputs.Tasks.Count;
        var buffer = new float[tasks * layout.SharedLength + layout.Length - layout.SharedLength];
        var losses_T = learner.TaskGradients(rows, PulledRows.None, seed, buffer);
        var gradients_TP = new float[tasks][];
        for (var t = 0; t < tasks; t++)
        {
            gradients_TP[t] = new float[layout.Length];
            buffer.AsSpan(t * layout.SharedLength, layout.SharedLength).CopyTo(gradients_TP[t]);
            var (own, length) = layout.OwnRange(t).GetOffsetAndLength(layout.Length);
            buffer.AsSpan(tasks * layout.SharedLength + own - layout.SharedLength, length).CopyTo(gradients_TP[t].AsSpan(own));
        }
        return (losses_T, gradients_TP);
    }

    private static EncodedRows Weighted(EncodedRows rows, float[] weights_B) => new()
    {
        Count = rows.Count,
        DenseWidth = rows.DenseWidth,
        Dense_BD = rows.Dense_BD,
        CategoricalCount = rows.CategoricalCount,
        Ids_BC = rows.Ids_BC,
        Sequences = rows.Sequences,
        TaskCount = rows.TaskCount,
        Labels_BT = rows.Labels_BT,
        Weights_B = weights_B,
    };

    private static EncodedRows Rows(int count)
    {
        var random = new StableRandom(17);
        var values = new List<int>();
        var offsets = new List<int> { 0 };
        for (var b = 0; b < count; b++)
        {
            for (var i = random.Next(4); i > 0; i--)
                values.Add(random.Next(7));
            offsets.Add(values.Count);
        }
        return new EncodedRows
        {
            Count = count,
            DenseWidth = 3,
            Dense_BD = [.. Enumerable.Range(0, count * 3).Select(_ => (float)random.NextNormal())],
            CategoricalCount = 3,
            Ids_BC = [.. Enumerable.Range(0, count).SelectMany(_ => new[] { random.Next(11), random.Next(7), random.Next(5) })],
            Sequences = [new SequenceColumn([.. values], [.. offsets])],
            TaskCount = 3,
            Labels_BT = [.. Enumerable.Range(0, count).SelectMany(_ => new float[] { random.Next(2), random.Next(3), (float)random.NextNormal() })],
            Domains_B = [.. Enumerable.Range(0, count).Select(_ => random.Next(3) - 1)],
        };
    }
}
