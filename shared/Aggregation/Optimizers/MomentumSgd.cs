using System.Collections.Immutable;
using System.Numerics;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>Stochastic gradient descent with momentum in PyTorch's form: v = momentum v + g, p = p - rate v.</summary>
public sealed class MomentumSgd : Optimizer
{
    private readonly OptimizerSettings _settings;

    internal MomentumSgd(OptimizerSettings settings, ImmutableArray<ParameterSegment> segments) : base(segments, "momentum_buffer")
    {
        _settings = settings;
    }

    private protected override void Update(
        Span<float> parameters_N, ReadOnlySpan<float> gradients_N, Span<float> velocity_N, Span<float> none, in ParameterSegment segment)
    {
        var learningRate = Vector.Create((float)segment.LearningRate);
        var momentum = Vector.Create((float)_settings.Momentum);
        var decay = Vector.Create((float)segment.WeightDecay);
        for (var i = 0; i < parameters_N.Length; i += WholeLanes.Count)
        {
            var parameter = WholeLanes.Load(parameters_N, i);
            var gradient = WholeLanes.Load(gradients_N, i) + decay * parameter;
            var velocity = momentum * WholeLanes.Load(velocity_N, i) + gradient;
            WholeLanes.Store(velocity_N, i, velocity);
            WholeLanes.Store(parameters_N, i, parameter - learningRate * velocity);
        }
    }
}
