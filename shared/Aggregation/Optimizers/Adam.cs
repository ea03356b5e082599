using System.Collections.Immutable;
using System.Numerics;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), bias corrected, epsilon outside the root. They
/// differ in the decay: added to the gradient, or taken off the parameters before the update.
/// </summary>
public sealed class Adam : Optimizer
{
    private readonly OptimizerSettings _settings;
    private readonly bool _decoupled;
    private double _meanCorrection;
    private double _squareCorrection;

    internal Adam(OptimizerSettings settings, ImmutableArray<ParameterSegment> segments, bool decoupled) : base(segments, "exp_avg", "exp_avg_sq")
    {
        _settings = settings;
        _decoupled = decoupled;
    }

    private protected override void Begin()
    {
        _meanCorrection = 1 - Math.Pow(_settings.Beta1, Steps);
        _squareCorrection = 1 - Math.Pow(_settings.Beta2, Steps);
    }

    private protected override void Update(
        Span<float> parameters_N, ReadOnlySpan<float> gradients_N, Span<float> mean_N, Span<float> square_N, in ParameterSegment segment)
    {
        var (beta1, beta2) = (_settings.Beta1, _settings.Beta2);
        var keepMean = Vector.Create((float)beta1);
        var addMean = Vector.Create((float)(1 - beta1));
        var keepSquare = Vector.Create((float)beta2);
        var addSquare = Vector.Create((float)(1 - beta2));
        var stepSize = Vector.Create((float)(segment.LearningRate / _meanCorrection));
        var rootCorrection = Vector.Create((float)Math.Sqrt(_squareCorrection));
        var epsilon = Vector.Create((float)_settings.Epsilon);
        var addedDecay = Vector.Create(_decoupled ? 0 : (float)segment.WeightDecay);
        var keepParameter = Vector.Create(_decoupled ? (float)(1 - segment.LearningRate * segment.WeightDecay) : 1);

        for (var i = 0; i < parameters_N.Length; i += WholeLanes.Count)
        {
            var parameter = WholeLanes.Load(parameters_N, i);
            var gradient = WholeLanes.Load(gradients_N, i) + addedDecay * parameter;
            var mean = keepMean * WholeLanes.Load(mean_N, i) + addMean * gradient;
            var square = keepSquare * WholeLanes.Load(square_N, i) + addSquare * (gradient * gradient);
            var root = Vector.SquareRoot(square) / rootCorrection + epsilon;
            WholeLanes.Store(mean_N, i, mean);
            WholeLanes.Store(square_N, i, square);
            WholeLanes.Store(parameters_N, i, keepParameter * parameter - stepSize * (mean / root));
        }
    }
}
