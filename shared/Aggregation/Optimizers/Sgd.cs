using System.Numerics;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>Stochastic gradient descent without momentum, which keeps no state.</summary>
public sealed class Sgd : Optimizer
{
    private readonly OptimizerSettings _settings;

    internal Sgd(OptimizerSettings settings, int length) : base(length) => _settings = settings;

    private protected override void Update(Span<float> parameters_P, ReadOnlySpan<float> gradients_P)
    {
        var learningRate = Vector.Create((float)_settings.LearningRate);
        var decay = Vector.Create((float)_settings.WeightDecay);
        for (var i = 0; i < parameters_P.Length; i += Lanes.Count)
        {
            var parameter = Lanes.Load(parameters_P, i);
            var gradient = Lanes.Load(gradients_P, i) + decay * parameter;
            Lanes.Store(parameters_P, i, parameter - learningRate * gradient);
        }
    }
}
