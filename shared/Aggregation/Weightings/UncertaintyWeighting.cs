using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// Homoscedastic uncertainty (Kendall, Gal, Cipolla 2018, eq. 7 and 10): minimise the sum of
/// exp(-s_t) L_t + s_t/2 (classification) or exp(-s_t) L_t / 2 + s_t/2 (regression) over s_t = log sigma_t^2 too.
/// s is learnt by the job's optimiser and learning rate, without weight decay, which would pull every weight to 1.
/// A task that is missing from a step keeps its s.
/// </summary>
public sealed class UncertaintyWeighting : IWeighting
{
    private const string InitialOption = "initial";
    private const string LogVariances = "logVariances";
    private const string Steps = "steps";

    /// <summary>Keeps weights within e^-10 .. e^10: a loss that reaches zero would drive s to minus infinity.</summary>
    private const float Bound = 10;

    private readonly double[] _lossFactors_T;
    private readonly double _initial;
    private readonly OptimizerSettings _optimizer;

    private UncertaintyWeighting(double[] lossFactors_T, double initial, OptimizerSettings optimizer)
    {
        _lossFactors_T = lossFactors_T;
        _initial = initial;
        _optimizer = optimizer;
    }

    public static WeightingDescription Description { get; } =
        new("uncertainty", new Dictionary<string, double> { [InitialOption] = 0 }.AsReadOnly(), TakesWeights: false);

    public static IWeighting Create(WeightingContext context) => new UncertaintyWeighting(
        [.. context.Tasks.Select(task => task.Kind == TaskKind.Regression ? 0.5 : 1.0)],
        Math.Clamp(context.Option(Description, InitialOption), -Bound, Bound),
        context.Optimizer with { WeightDecay = 0 });

    public WeightingNeed Need => WeightingNeed.Losses;

    public WeightingState Start()
    {
        var tasks = _lossFactors_T.Length;
        var initial_T = new double[tasks];
        initial_T.AsSpan().Fill((float)_initial);
        var state = WeightingState.Empty.With(LogVariances, initial_T).With(Steps, new double[tasks]);
        return Optimizer.Create(_optimizer, tasks).State.Keys.Aggregate(state, (current, name) => current.With(name, new double[tasks]));
    }

    public WeightingDecision Weigh(WeightingState state, in WeightingInput input) =>
        new([.. state[LogVariances].Zip(_lossFactors_T, (s, factor) => factor * Math.Exp(-s))], state);

    public WeightingState Observe(WeightingState state, in StepLosses losses)
    {
        var entries = state.Values;
        for (var task = 0; task < _lossFactors_T.Length; task++)
        {
            if (losses.Losses_T[task] is { } loss)
                Learn(entries, task, loss);
        }
        return WeightingState.From(entries);
    }

    /// <summary>One step of the optimiser for one task, with moments and bias correction of its own.</summary>
    private void Learn(IReadOnlyDictionary<string, double[]> entries, int task, double loss)
    {
        var optimizer = Optimizer.Create(_optimizer, 1);
        optimizer.Restore((long)entries[Steps][task], optimizer.State.Keys.ToDictionary(name => name, name => new[] { (float)entries[name][task] }));
        float[] s = [(float)entries[LogVariances][task]];
        optimizer.Step(s, [(float)(0.5 - _lossFactors_T[task] * Math.Exp(-s[0]) * loss)]);
        entries[LogVariances][task] = Math.Clamp(s[0], -Bound, Bound);
        entries[Steps][task] = optimizer.Steps;
        foreach (var (name, values) in optimizer.State)
            entries[name][task] = values[0];
    }
}
