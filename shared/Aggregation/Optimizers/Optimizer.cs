using System.Collections.Immutable;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>
/// An update rule over the flat parameters with its state, in float, with PyTorch's meaning. One pass over memory a
/// step; each element is computed by plain IEEE operations of its own (no fused multiply-add), so the bits depend
/// neither on the machine's vector width nor on where an element lies. Thread-safe only as <see cref="StepRange"/> says.
/// </summary>
public abstract class Optimizer
{
    private readonly (string Name, float[] Values_P)[] _state;
    private double _rateFactor = 1;

    /// <param name="segments">One behind the other from element 0 on.</param>
    /// <param name="stateNames">PyTorch's names of the vectors that the rule keeps.</param>
    private protected Optimizer(ImmutableArray<ParameterSegment> segments, params ReadOnlySpan<string> stateNames)
    {
        foreach (var segment in segments)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(segment.Length);
            if (segment.Offset != Length)
                throw new ArgumentException($"a segment begins at {segment.Offset} where the one before ends at {Length}", nameof(segments));
            Length = segment.End;
        }
        Segments = segments;
        var length = Length;
        _state = new (string, float[])[stateNames.Length];
        for (var i = 0; i < stateNames.Length; i++)
            _state[i] = (stateNames[i], new float[length]);
        State = _state.ToDictionary(entry => entry.Name, entry => entry.Values_P).AsReadOnly();
    }

    /// <summary>P.</summary>
    public int Length { get; }

    /// <summary>What is updated at which rate; together they are P.</summary>
    public ImmutableArray<ParameterSegment> Segments { get; }

    /// <summary>Updates made so far.</summary>
    public long Steps { get; private set; }

    /// <summary>The live vectors of length P, by PyTorch's names ("exp_avg", ...), for a checkpoint to write.</summary>
    public IReadOnlyDictionary<string, float[]> State { get; }

    /// <summary>One learning rate and one decay for all.</summary>
    public static Optimizer Create(OptimizerSettings settings, int length) => Create(settings, ParameterSegment.Whole(settings, length));

    public static Optimizer Create(OptimizerSettings settings, ImmutableArray<ParameterSegment> segments) => settings.Kind switch
    {
        OptimizerKind.Adam => new Adam(settings, segments, decoupled: false),
        OptimizerKind.AdamW => new Adam(settings, segments, decoupled: true),
        OptimizerKind.Sgd => settings.Momentum == 0 ? new Sgd(segments) : new MomentumSgd(settings, segments),
        OptimizerKind.Adagrad => new Adagrad(settings, segments),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, "unknown optimiser"),
    };

    /// <summary>
    /// What a round of local steps does to the parameters: its gradient is how far they have moved on average, back. The
    /// segments' rates are the local steps'; all but what is frozen moves by the outer one.
    /// </summary>
    public static Optimizer CreateOuter(OuterSettings settings, ImmutableArray<ParameterSegment> segments) => new Nesterov(
        settings.Momentum, [.. segments.Select(segment => segment with { LearningRate = segment.IsFrozen ? 0 : settings.LearningRate, WeightDecay = 0 })]);

    /// <summary>Makes one update in place; what is frozen keeps its state, too.</summary>
    /// <param name="rateFactor">The schedule's: every learning rate is multiplied by it.</param>
    /// <exception cref="ArgumentException">A length is not P.</exception>
    public void Step(Span<float> parameters_P, ReadOnlySpan<float> gradients_P, double rateFactor = 1)
    {
        if (parameters_P.Length != Length || gradients_P.Length != Length)
            throw new ArgumentException($"an optimiser of {Length} parameters got {parameters_P.Length} parameters and {gradients_P.Length} gradients", nameof(parameters_P));
        BeginStep(rateFactor);
        StepRange(0, parameters_P, gradients_P);
    }

    /// <summary>Begins an update that is made range by range; each element's range must come once before the next begins.</summary>
    /// <param name="rateFactor">As of <see cref="Step"/>.</param>
    public void BeginStep(double rateFactor = 1)
    {
        Steps++;
        _rateFactor = rateFactor;
        Begin();
    }

    /// <summary>
    /// The update of N parameters from <paramref name="offset"/> on, to the bits of <see cref="Step"/>. Ranges that do not
    /// overlap may be updated by several threads at a time.
    /// </summary>
    /// <exception cref="ArgumentException">The two lengths differ, or the range is not within P.</exception>
    public void StepRange(int offset, Span<float> parameters_N, ReadOnlySpan<float> gradients_N)
    {
        var end = (long)offset + parameters_N.Length;
        if (offset < 0 || end > Length || gradients_N.Length != parameters_N.Length)
            throw new ArgumentException($"an optimiser of {Length} parameters got {parameters_N.Length} parameters and {gradients_N.Length} gradients from {offset} on", nameof(parameters_N));
        for (var i = FirstBehind(offset); i < Segments.Length && Segments[i].Offset < end; i++)
        {
            var segment = Segments[i].Within(offset, (int)end);
            if (!segment.IsFrozen)
            {
                UpdateSegment(
                    parameters_N.Slice(segment.Offset - offset, segment.Length), gradients_N.Slice(segment.Offset - offset, segment.Length),
                    segment with { LearningRate = segment.LearningRate * _rateFactor });
            }
        }
    }

    /// <summary>Goes on from a checkpoint; the vectors are copied.</summary>
    /// <exception cref="InvalidDataException">The state is another rule's, or of another length.</exception>
    public void Restore(long steps, IReadOnlyDictionary<string, float[]> state)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        if (state.Count != _state.Length || _state.FirstOrDefault(entry => !state.ContainsKey(entry.Name)) is { Name: not null })
            throw new InvalidDataException($"the optimiser's state holds [{string.Join(", ", state.Keys)}] where [{string.Join(", ", State.Keys)}] is needed");
        foreach (var (name, values_P) in _state)
        {
            if (state[name].Length != Length)
                throw new InvalidDataException($"the optimiser's state '{name}' has {state[name].Length} elements where {Length} are needed");
        }
        foreach (var (name, values_P) in _state)
            state[name].CopyTo(values_P, 0);
        Steps = steps;
    }

    /// <summary>What a rule works out once a step, when <see cref="Steps"/> has this step's number.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>A rule over whole vectors (<see cref="WholeLanes"/>): each length is a multiple of theirs.</summary>
    /// <param name="first_N">The first vector of the state that belongs to the parameters; empty: the rule keeps none.</param>
    /// <param name="second_N">The second one.</param>
    /// <param name="segment">Its learning rate is this step's; its range is not looked at.</param>
    private protected abstract void Update(
        Span<float> parameters_N, ReadOnlySpan<float> gradients_N, Span<float> first_N, Span<float> second_N, in ParameterSegment segment);

    /// <summary>What does not fill a vector at the end is copied into one, so that one formula serves every element.</summary>
    private void UpdateSegment(Span<float> parameters_N, ReadOnlySpan<float> gradients_N, in ParameterSegment segment)
    {
        var first_N = _state.Length > 0 ? _state[0].Values_P.AsSpan(segment.Offset, segment.Length) : [];
        var second_N = _state.Length > 1 ? _state[1].Values_P.AsSpan(segment.Offset, segment.Length) : [];
        var whole = segment.Length / WholeLanes.Count * WholeLanes.Count;
        Update(parameters_N[..whole], gradients_N[..whole], Whole(first_N), Whole(second_N), segment);
        if (whole == segment.Length)
            return;
        Span<float> padded = stackalloc float[4 * WholeLanes.Count];
        padded.Clear();
        var parameters = padded[..WholeLanes.Count];
        var gradients = padded.Slice(WholeLanes.Count, WholeLanes.Count);
        var first = padded.Slice(2 * WholeLanes.Count, WholeLanes.Count);
        var second = padded[(3 * WholeLanes.Count)..];
        parameters_N[whole..].CopyTo(parameters);
        gradients_N[whole..].CopyTo(gradients);
        Tail(first_N).CopyTo(first);
        Tail(second_N).CopyTo(second);
        Update(parameters, gradients, first, second, segment);
        var rest = segment.Length - whole;
        parameters[..rest].CopyTo(parameters_N[whole..]);
        first[..Tail(first_N).Length].CopyTo(Tail(first_N));
        second[..Tail(second_N).Length].CopyTo(Tail(second_N));

        Span<float> Whole(Span<float> state_N) => state_N.IsEmpty ? state_N : state_N[..whole];

        Span<float> Tail(Span<float> state_N) => state_N.IsEmpty ? state_N : state_N[whole..];
    }

    /// <summary>The first segment that ends behind an element.</summary>
    private int FirstBehind(int element)
    {
        var (low, high) = (0, Segments.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Segments[middle].End <= element ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}
