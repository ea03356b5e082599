using System.Collections.ObjectModel;
using System.Globalization;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>Every task counts what the job file says.</summary>
public sealed class StaticWeighting : IWeighting
{
    private readonly double[] _weights_T;

    private StaticWeighting(double[] weights_T) => _weights_T = weights_T;

    public static WeightingDescription Description { get; } =
        new("static", ReadOnlyDictionary<string, double>.Empty, TakesWeights: true);

    public static IWeighting Create(WeightingContext context)
    {
        var weights = context.Settings.Weights;
        if (weights.Keys.FirstOrDefault(name => context.Tasks.All(task => task.Name != name)) is { } stranger)
            throw new JobException($"weighting.weights names '{stranger}', which is no task; tasks are: {string.Join(", ", context.Tasks.Select(task => task.Name))}");
        var weights_T = context.Tasks.Select(task => weights.TryGetValue(task.Name, out var weight)
            ? weight
            : throw new JobException($"weighting.weights has no weight for task '{task.Name}'; strategy 'static' needs one for each task")).ToArray();
        for (var task = 0; task < weights_T.Length; task++)
        {
            if (!(weights_T[task] >= 0) || !double.IsFinite(weights_T[task]))
                throw new JobException(string.Create(CultureInfo.InvariantCulture,
                    $"weighting.weights gives task '{context.Tasks[task].Name}' the weight {weights_T[task]}; it must be zero or a positive number"));
        }
        if (weights_T.All(weight => weight == 0))
            throw new JobException("weighting.weights gives every task the weight 0; at least one must be positive");
        return new StaticWeighting(weights_T);
    }

    public WeightingNeed Need => WeightingNeed.Losses;

    public WeightingState Start() => WeightingState.Empty;

    public WeightingDecision Weigh(WeightingState state, in WeightingInput input) => new([.. _weights_T], state);

    public WeightingState Observe(WeightingState state, in StepLosses losses) => state;
}
