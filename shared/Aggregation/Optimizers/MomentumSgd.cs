using System.Numerics;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>Stochastic gradient descent with momentum in PyTorch's form: v = momentum v + g, p = p - rate v.</summary>
public sealed class MomentumSgd : Optimizer
{
    private readonly OptimizerSettings _settings;
    private readonly float[] _velocity_P;

    internal MomentumSgd(OptimizerSettings settings, int length) : base(length, "momentum_buffer")
    {
        _settings = settings;
        _velocity_P = State["momentum_buffer"];
    }

    private protected override void Update(Span<float> parameters_P, ReadOnlySpan<float> gradients_P)
    {
        var learningRate = Vector.Create((float)_settings.LearningRate);
        var momentum = Vector.Create((float)_settings.Momentum);
        var decay = Vector.Create((float)_settings.WeightDecay);
        for (var i = 0; i < parameters_P.Length; i += Lanes.Count)
        {
            var parameter = Lanes.Load(parameters_P, i);
            var gradient = Lanes.Load(gradients_P, i) + decay * parameter;
            var velocity = momentum * Lanes.Load(_velocity_P, i) + gradient;
            Lanes.Store(_velocity_P, i, velocity);
            Lanes.Store(parameters_P, i, parameter - learningRate * velocity);
        }
    }
}
