using System.Runtime.CompilerServices;

namespace DistMtl.Aggregation.Compression;

/// <summary>What a shard keeps from step to step of one row of one slice, and what it needs to know of the step.</summary>
internal readonly ref struct RowMemory
{
    /// <summary>What earlier steps have not sent; empty for a codec that forgets.</summary>
    public Span<float> Residual { get; init; }

    /// <summary>The gradients' momentum; empty where the shards keep none.</summary>
    public Span<float> Velocity { get; init; }

    /// <summary>Where the next factorisation starts.</summary>
    public Span<float> Start { get; init; }

    public int Step { get; init; }

    /// <summary>What the gradient is multiplied by.</summary>
    public float Factor { get; init; }

    /// <summary>Of the row's random numbers.</summary>
    public ulong Key { get; init; }
}

/// <summary>
/// Makes the gradient of one row of a slice small, and large again. Each number is computed by plain IEEE operations in an
/// order that does not depend on the machine's vector width. Without state of its own, safe for several threads.
/// </summary>
internal abstract class RowCodec(int length)
{
    /// <summary>Numbers of a row.</summary>
    public int Length => length;

    /// <summary>The most that a row takes.</summary>
    public abstract int MaxBytes { get; }

    public virtual bool HasResidual => false;

    public virtual bool HasVelocity => false;

    /// <summary>Numbers of <see cref="RowMemory.Start"/>.</summary>
    public virtual int StartLength => 0;

    /// <summary>First values of <see cref="RowMemory.Start"/>.</summary>
    public virtual void Begin(Span<float> start, ulong key)
    {
    }

    /// <summary>Writes the row and brings the memory up to date.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="NotFiniteNumberException">A number is infinite or none; the memory is of no use any more.</exception>
    public abstract int Encode(ReadOnlySpan<float> gradient, in RowMemory memory, Span<byte> payload);

    /// <summary>Overwrites the row.</summary>
    /// <param name="payload">Begins with this row; others may follow.</param>
    /// <returns>Bytes read.</returns>
    /// <exception cref="InvalidDataException">The payload is no row of this codec, or holds a number that is not finite.</exception>
    public abstract int Decode(ReadOnlySpan<byte> payload, Span<float> gradient);

    /// <summary>The first <paramref name="count"/> bytes.</summary>
    /// <exception cref="InvalidDataException">There are fewer.</exception>
    protected static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> payload, int count) => payload.Length >= count
        ? payload[..count]
        : throw new InvalidDataException($"a compressed gradient ends {count - payload.Length} bytes before its row does");

    /// <exception cref="NotFiniteNumberException">It is infinite or no number.</exception>
    protected static void RequireFinite(uint magnitude)
    {
        if (magnitude >= Magnitude.Infinite)
            ThrowNotFinite();
    }

    /// <exception cref="InvalidDataException">It is infinite or no number.</exception>
    protected static void RequireFiniteData(uint magnitude)
    {
        if (magnitude >= Magnitude.Infinite)
            ThrowNotFiniteData();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNotFinite() => throw new NotFiniteNumberException("a gradient that is not finite cannot be compressed");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNotFiniteData() => throw new InvalidDataException("a compressed gradient holds numbers that are not finite");
}
