using System.Collections.Immutable;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Benchmarks.Servers;

/// <summary>A parameter server's slices with the gradients of a step, far more than the caches hold, and Adam.</summary>
internal sealed class SliceWorkload
{
    private readonly ParameterSlices _slices;
    private readonly Optimizer _optimizer;
    private readonly SliceUpdate _update;
    private readonly SliceGramian _gramian;
    private readonly ImmutableArray<SliceSum> _sums;
    private readonly TaskCoefficients? _coefficients;
    private readonly float[] _parameters_P;

    /// <param name="tasks">T; 1: the gradient is combined.</param>
    public SliceWorkload(int parameters, int tasks)
    {
        var layout = ParameterLayout.Create([new ParameterEntry("shared", [parameters], 0, null, Initializer.Constant, 0)]);
        var shape = GradientShape.Create(layout, tasks, tasks == 1 ? WeightingNeed.Losses : WeightingNeed.Gramian);
        var settings = new OptimizerSettings(
            OptimizerKind.Adam, OptimizerSettings.DefaultLearningRate, 0, OptimizerSettings.DefaultBeta1,
            OptimizerSettings.DefaultBeta2, OptimizerSettings.DefaultEpsilon, 0);
        _slices = ParameterSlices.Of(layout);
        _optimizer = Optimizer.Create(settings, parameters);
        _update = new SliceUpdate(_slices, shape, _optimizer);
        _gramian = new SliceGramian(_slices, shape, _optimizer.Segments);
        _sums = [.. _slices.All.Select(slice => _slices.GradientLength(shape, slice.Index)).Select((length, slice) => new SliceSum(Values(length, slice), Values(length, -slice - 1)))];
        _coefficients = tasks == 1 ? null : new TaskCoefficients(new double[tasks].Select(_ => 0.5).ToArray(), new long[tasks].Select(_ => 1000L).ToArray());
        _parameters_P = Values(parameters, _slices.Count);
        // Left and right once for each task; the parameters and two moments, read and written.
        UpdateBytes = (2L * tasks + 6) * sizeof(float) * parameters;
        GramianBytes = 2L * tasks * sizeof(float) * parameters;
    }

    /// <summary>What an update reads and writes if it does each once.</summary>
    public long UpdateBytes { get; }

    public long GramianBytes { get; }

    public void Update(int threads)
    {
        _optimizer.BeginStep();
        SliceThreads.ForEach(_slices.Count, slice => _update.Apply(slice, _sums[slice], _coefficients, 1, _parameters_P), threads);
    }

    public void Measure(int threads)
    {
        var products = new GradientProducts[_slices.Count];
        SliceThreads.ForEach(_slices.Count, slice => products[slice] = _gramian.Compute(slice, _sums[slice]), threads);
    }

    private static float[] Values(int length, int seed)
    {
        var random = new StableRandom((ulong)seed);
        var values = new float[length];
        foreach (ref var value in values.AsSpan())
            value = (float)(random.NextDouble() - 0.5);
        return values;
    }
}
