using System.Collections.Immutable;
using System.Numerics;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>Adagrad (Duchi, Hazan, Singer 2011), without a decay of the learning rate, epsilon outside the root.</summary>
public sealed class Adagrad : Optimizer
{
    private readonly OptimizerSettings _settings;

    internal Adagrad(OptimizerSettings settings, ImmutableArray<ParameterSegment> segments) : base(segments, "sum")
    {
        _settings = settings;
    }

    private protected override void Update(
        Span<float> parameters_N, ReadOnlySpan<float> gradients_N, Span<float> sum_N, Span<float> none, in ParameterSegment segment)
    {
        var learningRate = Vector.Create((float)segment.LearningRate);
        var epsilon = Vector.Create((float)_settings.Epsilon);
        var decay = Vector.Create((float)segment.WeightDecay);
        for (var i = 0; i < parameters_N.Length; i += WholeLanes.Count)
        {
            var parameter = WholeLanes.Load(parameters_N, i);
            var gradient = WholeLanes.Load(gradients_N, i) + decay * parameter;
            var sum = WholeLanes.Load(sum_N, i) + gradient * gradient;
            WholeLanes.Store(sum_N, i, sum);
            WholeLanes.Store(parameters_N, i, parameter - learningRate * (gradient / (Vector.SquareRoot(sum) + epsilon)));
        }
    }
}
