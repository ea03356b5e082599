using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// Base of the weightings whose weights are derivatives by the losses, at the losses themselves. Those of a step are
/// known after its backward pass only, so there is a choice: <c>losses: current</c> is exact, and T gradients travel;
/// <c>losses: previous</c> takes each task's last losses instead, and one gradient travels.
/// </summary>
public abstract class LossWeighting : IWeighting
{
    protected const string LossesOption = "losses";
    protected const string Current = "current";
    protected const string Previous = "previous";

    /// <summary>Losses count as no smaller: their logarithms and inverses must be numbers.</summary>
    protected const double LeastLoss = 1e-8;

    private const string LastLosses = "losses";
    private const string Known = "known";

    private readonly bool _isExact;

    private protected LossWeighting(WeightingContext context, WeightingDescription description)
    {
        Tasks = context.Tasks.Count;
        _isExact = context.Word(description, LossesOption) == Current;
    }

    private protected int Tasks { get; }

    public WeightingNeed Need => _isExact ? WeightingNeed.CurrentLosses : WeightingNeed.Losses;

    public virtual WeightingState Start() => WeightingState.Empty.With(LastLosses, new double[Tasks]).With(Known, new double[Tasks]);

    /// <summary>
    /// A task without a loss (no label in this step, or not yet in any) weighs as the others do on average, and 1 where no
    /// loss is known at all.
    /// </summary>
    public WeightingDecision Weigh(WeightingState state, in WeightingInput input)
    {
        double?[] losses_T = _isExact
            ? [.. input.Losses_T ?? throw new ArgumentException("this weighting needs the losses of the step", nameof(input))]
            : Last(state);
        int[] known = [.. Enumerable.Range(0, Tasks).Where(task => losses_T[task] is not null)];
        var weights_T = new double[Tasks];
        if (known.Length == 0)
        {
            weights_T.AsSpan().Fill(1);
            return new(weights_T, state);
        }
        var weights_K = Differentiate(state, known, [.. known.Select(task => Math.Max(losses_T[task]!.Value, LeastLoss))], input.Epoch);
        weights_T.AsSpan().Fill(weights_K.Average());
        for (var k = 0; k < known.Length; k++)
            weights_T[known[k]] = weights_K[k];
        return new(weights_T, state) { OwnWeights_T = weights_T };
    }

    public virtual WeightingState Observe(WeightingState state, in StepLosses losses)
    {
        var (last_T, known_T) = (state[LastLosses].ToArray(), state[Known].ToArray());
        for (var task = 0; task < Tasks; task++)
        {
            if (losses.Losses_T[task] is { } loss)
                (last_T[task], known_T[task]) = (loss, 1);
        }
        return state.With(LastLosses, last_T).With(Known, known_T);
    }

    /// <summary>Each task's loss in the last step that had its label; null before the first.</summary>
    private protected double?[] Last(WeightingState state) =>
        [.. Enumerable.Range(0, Tasks).Select(task => state[Known][task] == 0 ? (double?)null : state[LastLosses][task])];

    private protected static IReadOnlyDictionary<string, IReadOnlyList<string>> Choice(params string[] words) =>
        new Dictionary<string, IReadOnlyList<string>> { [LossesOption] = words }.AsReadOnly();

    /// <summary>The derivatives of the strategy's loss by the losses of the tasks that have one.</summary>
    /// <param name="known">Which those are; at least one.</param>
    /// <param name="losses_K">Theirs, each at least <see cref="LeastLoss"/>.</param>
    protected abstract double[] Differentiate(WeightingState state, int[] known, double[] losses_K, int epoch);
}
