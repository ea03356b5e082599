using System.Globalization;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>Every strategy of task weighting. A new one is one file in this folder, one line here and one test class.</summary>
public static class WeightingTable
{
    private static readonly (WeightingDescription Description, Func<WeightingContext, IWeighting> Create)[] Entries =
    [
        (EqualWeighting.Description, EqualWeighting.Create),
        (StaticWeighting.Description, StaticWeighting.Create),
        (UncertaintyWeighting.Description, UncertaintyWeighting.Create),
        (DwaWeighting.Description, DwaWeighting.Create),
        (MgdaWeighting.Description, MgdaWeighting.Create),
        (PcGradWeighting.Description, PcGradWeighting.Create),
    ];

    /// <summary>What the job-file reader and the help text must know.</summary>
    public static IReadOnlyList<WeightingDescription> Descriptions { get; } = [.. Entries.Select(entry => entry.Description)];

    /// <summary>The strategy that the settings name.</summary>
    /// <exception cref="JobException">Unknown strategy or option, or a value the strategy cannot use.</exception>
    public static IWeighting Create(WeightingContext context)
    {
        var settings = context.Settings;
        var (description, create) = Entries.FirstOrDefault(entry => entry.Description.Name == settings.Strategy);
        if (description is null)
            throw new JobException($"unknown weighting strategy '{settings.Strategy}'{NearestName.Hint(settings.Strategy, [.. Descriptions.Select(d => d.Name)])}");
        foreach (var (name, value) in settings.Options)
        {
            if (!description.Options.ContainsKey(name))
                throw new JobException(description.Options.Count == 0
                    ? $"weighting strategy '{description.Name}' has no options, so '{name}' cannot be set"
                    : $"weighting strategy '{description.Name}' has no option '{name}'{NearestName.Hint(name, [.. description.Options.Keys])}");
            if (!double.IsFinite(value))
                throw new JobException(string.Create(CultureInfo.InvariantCulture,
                    $"option '{name}' of weighting strategy '{description.Name}' is {value}; it must be a finite number"));
        }
        return create(context);
    }

    /// <summary>
    /// The weights as used. <see cref="WeightingScale.Tasks"/> makes them sum to T, so that changing the strategy leaves
    /// the learning rate alone; weights that are all zero (no task has a label in the step) stay zero.
    /// </summary>
    /// <exception cref="JobException">The sum is not positive: such weights have no scale.</exception>
    public static double[] Scale(IReadOnlyList<double> raw_T, WeightingScale scale, int tasks)
    {
        if (scale == WeightingScale.Raw || raw_T.All(weight => weight == 0))
            return [.. raw_T];
        var sum = raw_T.Sum();
        if (!(sum > 0) || !double.IsFinite(sum))
            throw new JobException(string.Create(CultureInfo.InvariantCulture,
                $"the task weights sum to {sum}, so they cannot be rescaled to sum to {tasks}; 'scale: raw' uses them as they are"), ExitCode.TrainingFailed);
        return [.. raw_T.Select(weight => weight / sum * tasks)];
    }
}
