using System.Collections.Immutable;
using System.Numerics;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// Gradient descent with Nesterov's momentum in PyTorch's form: v = momentum v + g, p = p - rate (g + momentum v). The outer
/// step of DiLoCo (Douillard et al. 2023, arXiv 2311.08105, algorithm 1), where g is how far the parameters were before the
/// local steps from their average after them; rate 1 without momentum gives that average, up to rounding.
/// </summary>
public sealed class Nesterov : Optimizer
{
    private readonly float _momentum;

    internal Nesterov(double momentum, ImmutableArray<ParameterSegment> segments) : base(segments, "momentum_buffer") => _momentum = (float)momentum;

    private protected override void Update(
        Span<float> parameters_N, ReadOnlySpan<float> gradients_N, Span<float> velocity_N, Span<float> none, in ParameterSegment segment)
    {
        var rate = Vector.Create((float)segment.LearningRate);
        var momentum = Vector.Create(_momentum);
        for (var i = 0; i < parameters_N.Length; i += WholeLanes.Count)
        {
            var gradient = WholeLanes.Load(gradients_N, i);
            var velocity = momentum * WholeLanes.Load(velocity_N, i) + gradient;
            WholeLanes.Store(velocity_N, i, velocity);
            WholeLanes.Store(parameters_N, i, WholeLanes.Load(parameters_N, i) - rate * (gradient + momentum * velocity));
        }
    }
}
