using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using TorchSharp;
using static TorchSharp.torch;

namespace DistMtl.Learning.Tests.Optimizers;

/// <summary>Fifty steps beside libtorch's optimiser of the same name; the gradients depend on the parameters.</summary>
public sealed class TorchOptimizerTests
{
    private const int Length = 37;
    private const int Steps = 50;

    [Theory]
    [InlineData(OptimizerKind.Adam, 0.01, 0, 0)]
    [InlineData(OptimizerKind.Adam, 0.01, 0.1, 0)]
    [InlineData(OptimizerKind.AdamW, 0.01, 0, 0)]
    [InlineData(OptimizerKind.AdamW, 0.01, 0.1, 0)]
    [InlineData(OptimizerKind.Sgd, 0.05, 0, 0)]
    [InlineData(OptimizerKind.Sgd, 0.05, 0.1, 0)]
    [InlineData(OptimizerKind.Sgd, 0.05, 0, 0.9)]
    [InlineData(OptimizerKind.Sgd, 0.05, 0.1, 0.9)]
    [InlineData(OptimizerKind.Adagrad, 0.1, 0, 0)]
    [InlineData(OptimizerKind.Adagrad, 0.1, 0.1, 0)]
    public void Parameters_are_those_of_libtorch(OptimizerKind kind, double learningRate, double weightDecay, double momentum)
    {
        var epsilon = kind == OptimizerKind.Adagrad ? OptimizerSettings.DefaultAdagradEpsilon : OptimizerSettings.DefaultEpsilon;
        var settings = new OptimizerSettings(kind, learningRate, weightDecay, OptimizerSettings.DefaultBeta1, OptimizerSettings.DefaultBeta2, epsilon, momentum);
        var random = new StableRandom(11);
        var start = Normals(ref random);
        var targets = Normals(ref random);

        var expected = OfTorch(settings, start, targets);
        var actual = (float[])start.Clone();
        var optimizer = Optimizer.Create(settings, Length);
        for (var step = 1; step <= Steps; step++)
            optimizer.Step(actual, Gradient(actual, targets, step));

        for (var i = 0; i < Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-6 * Math.Max(1, Math.Abs(expected[i])));
    }

    private static float[] OfTorch(OptimizerSettings settings, float[] start, float[] targets)
    {
        using var scope = NewDisposeScope();
        var parameters = new TorchSharp.Modules.Parameter(tensor(start));
        using torch.optim.Optimizer optimizer = settings.Kind switch
        {
            OptimizerKind.Adam => optim.Adam([parameters], settings.LearningRate, weight_decay: settings.WeightDecay),
            OptimizerKind.AdamW => optim.AdamW([parameters], settings.LearningRate, weight_decay: settings.WeightDecay),
            OptimizerKind.Sgd => optim.SGD([parameters], settings.LearningRate, settings.Momentum, weight_decay: settings.WeightDecay),
            _ => optim.Adagrad([parameters], settings.LearningRate, weight_decay: settings.WeightDecay),
        };
        for (var step = 1; step <= Steps; step++)
        {
            parameters.grad = tensor(Gradient([.. parameters.data<float>()], targets, step));
            optimizer.step();
        }
        return [.. parameters.data<float>()];
    }

    /// <summary>Of a badly scaled bowl around the targets, shaken by the step.</summary>
    private static float[] Gradient(float[] parameters, float[] targets, int step) =>
        [.. parameters.Select((value, i) => (value - targets[i]) * (0.1f + i % 5) + 0.3f * MathF.Sin(step + i))];

    private static float[] Normals(ref StableRandom random)
    {
        var values = new float[Length];
        for (var i = 0; i < Length; i++)
            values[i] = (float)random.NextNormal();
        return values;
    }
}
