using System.Collections.Immutable;
using DistMtl.Protocol.Tracing;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// Makes the gradients of one data shard small, with what the shard has not sent yet. It belongs to the shard, not to a
/// worker: where the shard goes, its <see cref="State"/> goes too, and so the bits of a run do not depend on who computes
/// what. Not thread-safe.
/// </summary>
public sealed class ShardCompressor
{
    private const string Residual = "residual";
    private const string Velocity = "velocity";
    private const string Start = "start";

    private readonly CompressionPlan _plan;
    private readonly ImmutableArray<RowCodec> _codecs;
    private readonly ImmutableArray<ImmutableArray<(int Offset, int Start)>> _rows;
    private readonly float[] _residual;
    private readonly float[] _velocity;
    private readonly float[] _start;
    private readonly int[] _steps;
    private readonly byte[]?[] _sent;
    private (int Step, float Factor) _clipping = (-1, 1);

    /// <exception cref="ArgumentException">The plan is to compress nothing.</exception>
    public ShardCompressor(CompressionPlan plan, int shard)
    {
        (_plan, Shard) = (plan, shard);
        _codecs = [.. plan.Slices.All.Select(plan.CodecOf)];
        var starts = 0;
        _rows = [.. plan.Slices.All.Select(slice => plan.Slices.Segments(plan.Gradient, slice.Index).Select(segment =>
        {
            var start = starts;
            starts += _codecs[slice.Index].StartLength;
            return (segment.Offset, start);
        }).ToImmutableArray())];
        _residual = new float[_codecs.Any(codec => codec.HasResidual) ? plan.Gradient.Length : 0];
        _velocity = new float[_codecs.Any(codec => codec.HasVelocity) ? plan.Gradient.Length : 0];
        _start = new float[starts];
        _steps = new int[_codecs.Length];
        _sent = new byte[_codecs.Length][];
        State = new (string Name, float[] Values)[] { (Residual, _residual), (Velocity, _velocity), (Start, _start) }
            .Where(entry => entry.Values.Length > 0)
            .ToDictionary(entry => entry.Name, entry => entry.Values)
            .AsReadOnly();
        for (var slice = 0; slice < _codecs.Length; slice++)
        {
            for (var row = 0; row < _rows[slice].Length; row++)
                _codecs[slice].Begin(StartOf(slice, row), KeyOf(slice, row));
        }
    }

    public int Shard { get; }

    /// <summary>
    /// The live vectors, for a checkpoint between two steps to write: "residual" and "velocity" laid out as the gradient
    /// (<see cref="GradientShape"/>), "start" slice after slice; only those that the kind keeps.
    /// </summary>
    public IReadOnlyDictionary<string, float[]> State { get; }

    /// <summary>The step that the state stands before; where nothing is kept, no steps are counted.</summary>
    /// <exception cref="InvalidOperationException">Some slices are a step ahead of others, so that there is no such step.</exception>
    public int Step => _steps.Length == 0 ? 0
        : _steps.AsSpan().ContainsAnyExcept(_steps[0])
            ? throw new InvalidOperationException($"shard {Shard} is in the middle of a step: some of its slices are compressed, others are not")
            : _steps[0];

    /// <summary>The most bytes that a slice takes.</summary>
    public int MaxLength(int slice) => _codecs[slice].MaxBytes * _rows[slice].Length;

    /// <summary>
    /// Writes one slice of a step's gradient and keeps what it leaves out. A step that is asked for again, because the
    /// membership has changed or a connection was lost, gets the bytes of the first time, and its state moves once.
    /// </summary>
    /// <param name="gradients">
    /// The shard's whole gradient, laid out as <see cref="GradientShape"/> says. What is kept meets later gradients, so it
    /// must be of one unit in all steps: divided by the step's labels, where their number varies.
    /// </param>
    /// <param name="step">The first one is 0, or that of <see cref="Restore"/>; then one after another for each slice.</param>
    /// <param name="payload">At least <see cref="MaxLength"/>.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="NotFiniteNumberException">The gradient is not finite; the state is of no use any more.</exception>
    /// <exception cref="InvalidOperationException">The state stands before another step.</exception>
    public int Compress(int slice, ReadOnlySpan<float> gradients, int step, Span<byte> payload)
    {
        using var span = TraceSource.Worker.Begin("compress", "compress", step, Shard);
        if (gradients.Length != _plan.Gradient.Length)
            throw new ArgumentException($"a gradient of {gradients.Length} numbers where {_plan.Gradient.Length} are needed", nameof(gradients));
        if (State.Count == 0)
            return Encode(slice, gradients, step, payload);
        if (step == _steps[slice] - 1 && _sent[slice] is { } sent)
        {
            sent.CopyTo(payload);
            return sent.Length;
        }
        if (step != _steps[slice])
            throw new InvalidOperationException($"the state of shard {Shard} stands before step {_steps[slice]}, so step {step} cannot be compressed");
        var length = Encode(slice, gradients, step, payload);
        _sent[slice] = payload[..length].ToArray();
        _steps[slice]++;
        return length;
    }

    /// <summary>Goes on from a checkpoint; the vectors are copied.</summary>
    /// <param name="step">The step that comes next.</param>
    /// <exception cref="InvalidDataException">The state is another kind's, or of another length.</exception>
    public void Restore(int step, IReadOnlyDictionary<string, float[]> state)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (state.Count != State.Count || State.Keys.Any(name => !state.ContainsKey(name)))
            throw new InvalidDataException($"the state of shard {Shard} holds [{string.Join(", ", state.Keys)}] where [{string.Join(", ", State.Keys)}] is needed");
        foreach (var (name, values) in State)
        {
            if (state[name].Length != values.Length)
                throw new InvalidDataException($"the state '{name}' of shard {Shard} has {state[name].Length} elements where {values.Length} are needed");
        }
        foreach (var (name, values) in State)
            state[name].CopyTo(values, 0);
        _steps.AsSpan().Fill(step);
        _sent.AsSpan().Clear();
        _clipping = (-1, 1);
    }

    private int Encode(int slice, ReadOnlySpan<float> gradients, int step, Span<byte> payload)
    {
        var (codec, factor, written) = (_codecs[slice], ClipFactor(gradients, step), 0);
        for (var row = 0; row < _rows[slice].Length; row++)
        {
            var offset = _rows[slice][row].Offset;
            var memory = new RowMemory
            {
                Residual = codec.HasResidual ? _residual.AsSpan(offset, codec.Length) : default,
                Velocity = codec.HasVelocity ? _velocity.AsSpan(offset, codec.Length) : default,
                Start = StartOf(slice, row),
                Step = step,
                Factor = factor,
                Key = KeyOf(slice, row),
            };
            written += codec.Encode(gradients.Slice(offset, codec.Length), memory, payload[written..]);
        }
        return written;
    }

    /// <summary>Lin et al. 2018, section 3.2: the share of one of S nodes in the norm of a sum of S independent gradients.</summary>
    private float ClipFactor(ReadOnlySpan<float> gradients, int step)
    {
        if (_plan.Settings.ClipNorm is not { } clipNorm)
            return 1;
        if (_clipping.Step != step)
        {
            var (norm, most) = (Math.Sqrt(DoubleSums.Dot(gradients, gradients)), clipNorm / Math.Sqrt(_plan.Shards));
            _clipping = (step, norm > most ? (float)(most / norm) : 1);
        }
        return _clipping.Factor;
    }

    private Span<float> StartOf(int slice, int row) => _start.AsSpan(_rows[slice][row].Start, _codecs[slice].StartLength);

    private ulong KeyOf(int slice, int row) => Protocol.StableHash.Mix(_plan.Seed, (ulong)Shard, (ulong)slice, (ulong)row);
}
