using System.Collections.Immutable;
using System.Numerics;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>Stochastic gradient descent without momentum, which keeps no state.</summary>
public sealed class Sgd : Optimizer
{
    internal Sgd(ImmutableArray<ParameterSegment> segments) : base(segments)
    {
    }

    private protected override void Update(
        Span<float> parameters_N, ReadOnlySpan<float> gradients_N, Span<float> none, Span<float> noneEither, in ParameterSegment segment)
    {
        var learningRate = Vector.Create((float)segment.LearningRate);
        var decay = Vector.Create((float)segment.WeightDecay);
        for (var i = 0; i < parameters_N.Length; i += WholeLanes.Count)
        {
            var parameter = WholeLanes.Load(parameters_N, i);
            var gradient = WholeLanes.Load(gradients_N, i) + decay * parameter;
            WholeLanes.Store(parameters_N, i, parameter - learningRate * gradient);
        }
    }
}
