namespace DistMtl.Aggregation.Weightings;

/// <summary>What a weighting looks at, which decides what must travel.</summary>
public enum WeightingNeed
{
    /// <summary>Losses of earlier steps only: weights are known before the backward pass, and one gradient travels.</summary>
    Losses,

    /// <summary>The products of the tasks' gradients: T gradients of the shared parameters travel.</summary>
    Gramian,
}

/// <summary>What is known when the weights of a step are asked for.</summary>
/// <param name="Step">The update to be made, 1 for the first.</param>
/// <param name="Epoch">Of the step, 1 for the first.</param>
/// <param name="Labels_T">Per task, how many rows of the step have its label.</param>
/// <param name="Gramian_TT">Of the mean gradients; null for a weighting that needs losses only.</param>
public readonly record struct WeightingInput(long Step, int Epoch, IReadOnlyList<long> Labels_T, double[,]? Gramian_TT = null);

/// <summary>What a step's losses were.</summary>
/// <param name="Step">The update that was made, 1 for the first.</param>
/// <param name="Epoch">Of the step, 1 for the first.</param>
/// <param name="Losses_T">Per task, the mean over its valid labels; null where no row had the label.</param>
public readonly record struct StepLosses(long Step, int Epoch, IReadOnlyList<double?> Losses_T);

/// <summary>Raw weights, as the paper gives them, and the state to go on with.</summary>
public readonly record struct WeightingDecision(double[] Weights_T, WeightingState State);

/// <summary>
/// One strategy of task weighting: pure functions over what it needs and its own state, which is kept by the caller and
/// saved with every checkpoint. A step calls <see cref="Weigh"/>, then <see cref="Observe"/>.
/// </summary>
public interface IWeighting
{
    WeightingNeed Need { get; }

    /// <summary>The state before the first step.</summary>
    WeightingState Start();

    /// <summary>The weights of one step: before its backward pass where losses are all it needs, else after the reduction.</summary>
    WeightingDecision Weigh(WeightingState state, in WeightingInput input);

    /// <summary>Takes note of what the step's losses were.</summary>
    WeightingState Observe(WeightingState state, in StepLosses losses);
}
