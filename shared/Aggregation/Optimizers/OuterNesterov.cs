namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// What a round of local steps does to the global parameters (DiLoCo: Douillard et al. 2023, arXiv 2311.08105, algorithm 1):
/// the outer gradient g = old - average goes through Nesterov's momentum in PyTorch's form, v = momentum v + g,
/// p = old - rate (g + momentum v). It is computed as average + (1 - rate) g - rate momentum v, which is the same and makes
/// rate 1 without momentum the average to the bit, up to the sign of a zero. Plain operations in float, element by element, as <see cref="Optimizer"/>.
/// </summary>
public sealed class OuterNesterov
{
    private readonly float[] _velocity_P;
    private readonly double _learningRate;
    private readonly double _momentum;

    /// <param name="length">P, or as many as a server owns.</param>
    /// <param name="learningRate">0.7 in the paper; not the schedule's matter.</param>
    /// <param name="momentum">0.9 in the paper; 0: none.</param>
    public OuterNesterov(int length, double learningRate, double momentum)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(learningRate);
        ArgumentOutOfRangeException.ThrowIfNegative(momentum);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(momentum, 1);
        (_velocity_P, _learningRate, _momentum) = (new float[length], learningRate, momentum);
    }

    public int Length => _velocity_P.Length;

    /// <summary>The live velocity, for a checkpoint to write.</summary>
    public ReadOnlySpan<float> Velocity_P => _velocity_P;

    /// <summary>Ends a round for all parameters.</summary>
    /// <param name="parameters_P">The global ones before the round; overwritten by those after it.</param>
    /// <param name="average_P">Of the workers' parameters after their local steps.</param>
    /// <exception cref="ArgumentException">A length is not P.</exception>
    public void Step(Span<float> parameters_P, ReadOnlySpan<float> average_P)
    {
        if (parameters_P.Length != Length)
            throw new ArgumentException($"an outer optimiser of {Length} parameters got {parameters_P.Length}", nameof(parameters_P));
        StepRange(0, parameters_P, average_P);
    }

    /// <summary>
    /// Ends a round for N parameters from <paramref name="offset"/> on, each once a round; ranges that do not overlap may be
    /// updated by several threads at a time.
    /// </summary>
    /// <exception cref="ArgumentException">The two lengths differ, or the range is not within P.</exception>
    public void StepRange(int offset, Span<float> parameters_N, ReadOnlySpan<float> average_N)
    {
        if (offset < 0 || (long)offset + parameters_N.Length > Length || average_N.Length != parameters_N.Length)
            throw new ArgumentException($"an outer optimiser of {Length} parameters got {parameters_N.Length} parameters and {average_N.Length} averages from {offset} on", nameof(parameters_N));
        var velocity_N = _velocity_P.AsSpan(offset, parameters_N.Length);
        var (momentum, ofGradient, ofVelocity) = ((float)_momentum, (float)(1 - _learningRate), (float)(_learningRate * _momentum));
        var i = 0;
        for (; i <= parameters_N.Length - Lanes.Count; i += Lanes.Count)
        {
            var average = Lanes.Load(average_N, i);
            var gradient = Lanes.Load(parameters_N, i) - average;
            var velocity = momentum * Lanes.Load(velocity_N, i) + gradient;
            Lanes.Store(velocity_N, i, velocity);
            Lanes.Store(parameters_N, i, average + ofGradient * gradient - ofVelocity * velocity);
        }
        for (; i < parameters_N.Length; i++)
        {
            var gradient = parameters_N[i] - average_N[i];
            velocity_N[i] = momentum * velocity_N[i] + gradient;
            parameters_N[i] = average_N[i] + ofGradient * gradient - ofVelocity * velocity_N[i];
        }
    }

    /// <summary>Goes on from a checkpoint; the velocity is copied.</summary>
    /// <exception cref="InvalidDataException">It is of another length.</exception>
    public void Restore(ReadOnlySpan<float> velocity_P)
    {
        if (velocity_P.Length != Length)
            throw new InvalidDataException($"the outer optimiser's velocity has {velocity_P.Length} elements where {Length} are needed");
        velocity_P.CopyTo(_velocity_P);
    }
}
