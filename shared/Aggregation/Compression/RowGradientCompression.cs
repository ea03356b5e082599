using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Compression;

/// <summary>
/// The gradients of table rows made small number by number, without memory: which rows there are changes from step to step,
/// so that nothing could be kept for the next. Top-k and PowerSGD leave them as they are: a step's rows are few already.
/// </summary>
public static class RowGradientCompression
{
    /// <summary>Whether this kind makes the gradients of rows small.</summary>
    public static bool Applies(CompressionSettings settings) => settings.Kind is CompressionKind.Fp16 or CompressionKind.Bf16 or CompressionKind.Int8;

    /// <summary>Bytes of so many numbers.</summary>
    /// <exception cref="ArgumentException">The kind does not apply.</exception>
    public static int Length(CompressionSettings settings, int numbers) => Codec(settings, numbers).MaxBytes;

    /// <returns>Bytes written: <see cref="Length"/>.</returns>
    /// <exception cref="NotFiniteNumberException">A number is infinite or none.</exception>
    public static int Encode(CompressionSettings settings, ReadOnlySpan<float> gradients, Span<byte> payload) =>
        Codec(settings, gradients.Length).Encode(gradients, default, payload);

    /// <summary>Overwrites the gradients.</summary>
    /// <exception cref="InvalidDataException">The payload is not of so many numbers, or not finite.</exception>
    public static void Decode(CompressionSettings settings, ReadOnlySpan<byte> payload, Span<float> gradients)
    {
        var codec = Codec(settings, gradients.Length);
        if (payload.Length != codec.MaxBytes)
            throw new InvalidDataException($"{payload.Length} bytes are no {gradients.Length} compressed numbers, which take {codec.MaxBytes}");
        codec.Decode(payload, gradients);
    }

    private static RowCodec Codec(CompressionSettings settings, int numbers) => CompressionPlan.ElementCodec(settings with { ErrorFeedback = false }, numbers);
}
