using DistMtl.Data;
using DistMtl.Learning.Tests.Architectures;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.Learning.Tests;

public sealed class RetrievalTests
{
    private const int Items = 6;
    private const int Dim = 3;

    // ids of users and items: rows 0 and 3 are about the same item, row 2 has no label, row 5's item is unknown.
    private static readonly int[] Users = [1, 2, 3, 1, 4, 2];
    private static readonly int[] ItemIds = [2, 4, 1, 2, 5, 0];
    private static readonly float[] Labels = [1, 1, float.NaN, 1, 1, float.NaN];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_loss_is_the_cross_entropy_among_the_other_rows_items(bool corrected)
    {
        float[]? logQ = corrected ? [-100, -0.5f, -1, -3, -2, -1.5f] : null;
        using var learner = Start(logQ, out var parameters_P);
        var math = new RowMath(learner.Layout, parameters_P);
        var loss = learner.CombinedGradient(Rows(), PulledRows.None, 1, [1], new float[parameters_P.Length])[0];

        int[] valid = [0, 1, 3, 4];
        var expected = 0.0;
        foreach (var i in valid)
        {
            var scores = valid.Where(j => j == i || ItemIds[j] != ItemIds[i]).ToDictionary(j => j, j => Score(math, i, ItemIds[j]) / 0.2 - (logQ?[ItemIds[j]] ?? 0));
            expected += Math.Log(scores.Values.Sum(Math.Exp)) - scores[i];
        }
        Assert.Equal(expected, loss, 1e-4);
    }

    [Fact]
    public void A_prediction_is_the_items_rank_among_all()
    {
        using var learner = Start(null, out var parameters_P);
        var math = new RowMath(learner.Layout, parameters_P);

        var ranks = learner.Predict(Rows(), PulledRows.None)[0];

        for (var row = 0; row < 5; row++)
        {
            var own = Score(math, row, ItemIds[row]);
            Assert.Equal(1 + Enumerable.Range(1, Items - 1).Count(item => Score(math, row, item) > own), ranks[row]);
        }
        Assert.Equal(float.MaxValue, ranks[5]);
    }

    [Fact]
    public void Equal_items_share_the_middle_of_their_ranks()
    {
        using var learner = Start(null, out var parameters_P);
        var table = learner.Layout.Entries.Single(entry => entry.Name == "embedding.item");
        for (var id = 1; id < Items; id++)
            parameters_P.AsSpan(table.Offset, Dim).CopyTo(parameters_P.AsSpan(table.Offset + id * Dim, Dim));
        learner.Load(parameters_P);

        Assert.Equal([3, 3, 3, 3, 3, float.MaxValue], learner.Predict(Rows(), PulledRows.None)[0]);
    }

    [Fact]
    public void What_is_looked_for_is_not_seen()
    {
        using var learner = Start(null, out _);
        var rows = Rows();
        var before = learner.Predict(rows, PulledRows.None)[0];

        // Another price and another item history would give the item away; another user is another search.
        for (var row = 0; row < rows.Count; row++)
            rows.Dense_BD[row * 2 + 1] += 5;
        Assert.Equal(before, learner.Predict(rows with { Sequences = [new SequenceColumn([1, 2], [0, 2, 2, 2, 2, 2, 2])] }, PulledRows.None)[0]);
        rows.Dense_BD[0] += 5;
        Assert.NotEqual(Gradient(learner, Rows()), Gradient(learner, rows));
    }

    [Fact]
    public void A_micro_batch_without_a_positive_row_adds_nothing()
    {
        using var learner = Start(null, out var parameters_P);
        var rows = Rows() with { Labels_BT = [.. Enumerable.Repeat(float.NaN, 6)] };
        var gradients_P = new float[parameters_P.Length];

        Assert.Equal(0, learner.CombinedGradient(rows, PulledRows.None, 1, [1], gradients_P)[0]);
        Assert.All(gradients_P, gradient => Assert.Equal(0, gradient));
    }

    private static float[] Gradient(Learner learner, EncodedRows rows)
    {
        var gradients_P = new float[learner.Layout.Length];
        learner.CombinedGradient(rows, PulledRows.None, 1, [1], gradients_P);
        return gradients_P;
    }

    /// <summary>The cosine of the row's user vector, with the item hidden, and the item.</summary>
    private static double Score(RowMath math, int row, int item)
    {
        double[] hidden = [0.5 * row, 0, .. math.Block("embedding.user", Users[row]), .. math.Block("embedding.item", 0), 0, 0, 0];
        var user = math.Linear("head.next", math.Mlp("bottom", hidden, 1));
        var vector = math.Block("embedding.item", item);
        return Dot(user, vector) / Math.Sqrt(Dot(user, user) * Dot(vector, vector));
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static Learner Start(float[]? logQ, out float[] parameters_P)
    {
        var inputs = new ModelInputs(
            2,
            [new("user", 5, Dim), new("item", Items, Dim)],
            [new("user", 0, false), new("item", 1, false), new("similar", 1, true)],
            [new("next", TaskKind.Retrieval, Dim, 0) { Retrieval = new RetrievalInputs(1, 1, [1], [1], [0], 0.2, logQ) }]);
        var learner = new Learner(new ModelSettings(Architecture.SharedBottom, 1, [], [8], [], 0), inputs, TorchRuntime.Start(DeviceKind.Cpu));
        parameters_P = InitialParameters.Draw(learner.Layout, 3);
        foreach (ref var parameter in parameters_P.AsSpan())
            parameter *= 3;
        learner.Load(parameters_P);
        return learner;
    }

    private static EncodedRows Rows() => new()
    {
        Count = 6,
        DenseWidth = 2,
        Dense_BD = [.. Enumerable.Range(0, 6).SelectMany(row => new[] { 0.5f * row, 7f })],
        CategoricalCount = 2,
        Ids_BC = [.. Users.Zip(ItemIds).SelectMany(ids => new[] { ids.First, ids.Second })],
        Sequences = [new SequenceColumn([3, 4, 4], [0, 1, 1, 3, 3, 3, 3])],
        TaskCount = 1,
        Labels_BT = [.. Labels],
    };
}
