namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// Base of the weightings that are a function of the Gramian. A task without a label in the step has no gradient, which
/// is not the same as a gradient of zero (for that, the best common direction may be to stand still): it is left out
/// before <see cref="Solve"/> and weighs 0.
/// </summary>
public abstract class GramianWeighting : IWeighting
{
    public WeightingNeed Need => WeightingNeed.Gramian;

    public WeightingState Start() => WeightingState.Empty;

    public WeightingDecision Weigh(WeightingState state, in WeightingInput input)
    {
        var gramian_TT = input.Gramian_TT ?? throw new ArgumentException("this weighting needs the Gramian", nameof(input));
        var tasks = input.Labels_T.Count;
        if (gramian_TT.GetLength(0) != tasks || gramian_TT.GetLength(1) != tasks)
            throw new ArgumentException($"the Gramian is {gramian_TT.GetLength(0)} x {gramian_TT.GetLength(1)} for {tasks} tasks", nameof(input));

        var labels_T = input.Labels_T;
        int[] present = [.. Enumerable.Range(0, tasks).Where(task => labels_T[task] > 0)];
        var present_TT = new double[present.Length, present.Length];
        for (var i = 0; i < present.Length; i++)
        {
            for (var j = 0; j < present.Length; j++)
            {
                present_TT[i, j] = gramian_TT[present[i], present[j]];
                if (!double.IsFinite(present_TT[i, j]))
                    throw new ArgumentException($"the product of the gradients of tasks {present[i]} and {present[j]} is {present_TT[i, j]}", nameof(input));
            }
        }

        var weights_T = new double[tasks];
        if (present.Length > 0)
        {
            var solved = Solve(present_TT, input.Step);
            for (var i = 0; i < present.Length; i++)
                weights_T[present[i]] = solved[i];
        }
        return new(weights_T, state);
    }

    public WeightingState Observe(WeightingState state, in StepLosses losses) => state;

    /// <summary>Raw weights for a finite Gramian of at least one task.</summary>
    protected abstract double[] Solve(double[,] gramian_TT, long step);
}
