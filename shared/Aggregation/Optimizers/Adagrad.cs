using System.Numerics;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>Adagrad (Duchi, Hazan, Singer 2011), without a decay of the learning rate, epsilon outside the root.</summary>
public sealed class Adagrad : Optimizer
{
    private readonly OptimizerSettings _settings;
    private readonly float[] _sum_P;

    internal Adagrad(OptimizerSettings settings, int length) : base(length, "sum")
    {
        _settings = settings;
        _sum_P = State["sum"];
    }

    private protected override void Update(Span<float> parameters_P, ReadOnlySpan<float> gradients_P)
    {
        var learningRate = Vector.Create((float)_settings.LearningRate);
        var epsilon = Vector.Create((float)_settings.Epsilon);
        var decay = Vector.Create((float)_settings.WeightDecay);
        for (var i = 0; i < parameters_P.Length; i += Lanes.Count)
        {
            var parameter = Lanes.Load(parameters_P, i);
            var gradient = Lanes.Load(gradients_P, i) + decay * parameter;
            var sum = Lanes.Load(_sum_P, i) + gradient * gradient;
            Lanes.Store(_sum_P, i, sum);
            Lanes.Store(parameters_P, i, parameter - learningRate * (gradient / (Vector.SquareRoot(sum) + epsilon)));
        }
    }
}
