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
        for (var i = 0; i < parameters_N.Length; i += Lanes.Count)
        {
            var parameter = Lanes.Load(parameters_N, i);
            var gradient = Lanes.Load(gradients_N, i) + decay * parameter;
            var sum = Lanes.Load(sum_N, i) + gradient * gradient;
            Lanes.Store(sum_N, i, sum);
            Lanes.Store(parameters_N, i, parameter - learningRate * (gradient / (Vector.SquareRoot(sum) + epsilon)));
        }
    }
}
