using DistMtl.Data;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.Learning.Tests;

public sealed class OrderLossTests
{
    private static readonly ModelInputs Inputs = new(
        2, [], [], [new("click", TaskKind.Binary, 1, -1), new("buy", TaskKind.Binary, 1, 1) { After = [0] }]);

    [Fact]
    public void Aitm_adds_what_a_task_is_more_probable_than_the_one_before_it()
    {
        var rows = Rows();
        var (plain_T, predictions_T) = Losses(rows, calibrator: 0);
        var (losses_T, _) = Losses(rows, calibrator: 0.5);

        // The second row lacks the label of the second task, so it adds nothing there.
        var excess = new[] { 0, 2, 3 }.Sum(row => Math.Max(0, predictions_T[1][row] - predictions_T[0][row]));
        Assert.True(excess > 0.5);
        Assert.Equal(plain_T[0], losses_T[0]);
        Assert.Equal(plain_T[1] + 0.5 * excess, losses_T[1], 1e-5);
    }

    private static (double[] Losses_T, float[][] Predictions_T) Losses(EncodedRows rows, double calibrator)
    {
        var model = new ModelSettings(Architecture.Aitm, 1, [], [4], [], 0) { Calibrator = calibrator };
        using var learner = new Learner(model, Inputs, TorchRuntime.Start(DeviceKind.Cpu));
        learner.Load(InitialParameters.Draw(learner.Layout, 5));
        return (learner.CombinedGradient(rows, PulledRows.None, 1, [1, 1], new float[learner.Layout.Length]), learner.Predict(rows, PulledRows.None));
    }

    private static EncodedRows Rows() => new()
    {
        Count = 4,
        DenseWidth = 2,
        Dense_BD = [1, 2, -1, 0.5f, 0, 1, 2, -2],
        CategoricalCount = 0,
        Ids_BC = [],
        Sequences = [],
        TaskCount = 2,
        Labels_BT = [0, 0, 1, float.NaN, 1, 0, 1, 1],
    };
}
