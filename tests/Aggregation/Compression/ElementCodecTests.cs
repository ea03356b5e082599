using CsCheck;
using DistMtl.Aggregation.Compression;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Compression.CompressionTesting;

namespace DistMtl.Aggregation.Tests.Compression;

/// <summary>The kinds that make numbers small one by one, against their definitions.</summary>
public sealed class ElementCodecTests
{
    private static readonly Gen<float[]> Values = AnyFloat.Array[0, 200];

    [Fact]
    public void Halves_are_those_of_the_numbers_times_a_power_of_two() => Values.Sample(values =>
    {
        var max = values.Select(Math.Abs).DefaultIfEmpty().Max();
        var power = max == 0 ? 0 : Math.Clamp(14 - (int)Math.Floor(Math.Log2(max)), -113, 125);
        var largest = 32_752 * Math.Pow(2, 113);
        var expected = Array.ConvertAll(values, value => (float)Math.Clamp((double)(Half)(value * Math.Pow(2, power)) * Math.Pow(2, -power), -largest, largest));

        AssertSameBits(expected, RoundTrip(new(CompressionKind.Fp16), values, 4 + 2 * values.Length));
    });

    [Fact]
    public void Halves_lose_at_most_a_2048th_of_a_number_or_nearly_nothing_of_the_largest() => Values.Sample(values =>
    {
        var max = values.Select(Math.Abs).DefaultIfEmpty().Max();
        var decoded = RoundTrip(new(CompressionKind.Fp16), values, 4 + 2 * values.Length);

        for (var i = 0; i < values.Length; i++)
            Assert.True(Math.Abs((double)values[i] - decoded[i]) <= Math.Max(Math.Max(Math.Abs((double)values[i]) / 2048, max * Math.Pow(2, -39)), Math.Pow(2, -150)));
    });

    [Fact]
    public void Brain_floats_are_the_nearest_of_their_neighbours_and_of_two_as_near_the_even_one() => Values.Sample(values =>
    {
        var decoded = RoundTrip(new(CompressionKind.Bf16), values, 2 * values.Length);

        for (var i = 0; i < values.Length; i++)
        {
            var (bits, got) = (BitConverter.SingleToUInt32Bits(values[i]), BitConverter.SingleToUInt32Bits(decoded[i]));
            var (below, rest) = (bits & 0xffff_0000, bits & 0xffff);
            var isAbove = rest > 0x8000 || rest == 0x8000 && (below & 0x1_0000) != 0;
            var expected = isAbove && (below & 0x7fff_0000) != 0x7f7f_0000 ? below + 0x1_0000 : below;
            Assert.Equal(expected, got);
        }
    });

    [Theory]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(256)]
    public void Bytes_are_the_rounded_quotients_by_a_127th_of_their_blocks_largest(int block) => Values.Sample(values =>
    {
        var blocks = (values.Length + block - 1) / block;
        var decoded = RoundTrip(new(CompressionKind.Int8) { Block = block }, values, 4 * blocks + values.Length);

        foreach (var (part, i) in values.Chunk(block).Select((part, i) => (part, i)))
        {
            var scale = Math.Min(part.Select(Math.Abs).Max() / 127f, float.MaxValue / 128);
            var expected = Array.ConvertAll(part, value => scale == 0 ? 0 : Math.Clamp(MathF.Round(value / scale, MidpointRounding.ToEven), -127, 127) * scale);
            // A byte has no -0.
            AssertSameBits(Array.ConvertAll(expected, value => value + 0f), decoded.AsSpan(i * block, part.Length));
            if (scale > 1e-30f)
                Assert.All(part.Zip(decoded.Skip(i * block)), pair => Assert.True(Math.Abs((double)pair.First - pair.Second) <= scale * 0.50001 || Math.Abs(pair.First) > float.MaxValue / 1.01f));
        }
    });

    [Fact]
    public void A_damaged_length_is_refused()
    {
        foreach (var kind in new[] { CompressionKind.Fp16, CompressionKind.Bf16, CompressionKind.Int8 })
        {
            var settings = new CompressionSettings(kind);
            var length = RowGradientCompression.Length(settings, 300);
            Assert.Throws<InvalidDataException>(() => RowGradientCompression.Decode(settings, new byte[length - 1], new float[300]));
            Assert.Throws<InvalidDataException>(() => RowGradientCompression.Decode(settings, new byte[length + 1], new float[300]));
        }
    }

    [Fact]
    public void Kinds_that_need_a_memory_leave_rows_of_tables_as_they_are()
    {
        foreach (var kind in new[] { CompressionKind.None, CompressionKind.TopK, CompressionKind.PowerSgd })
        {
            Assert.False(RowGradientCompression.Applies(new(kind)));
            Assert.Throws<ArgumentException>(() => RowGradientCompression.Length(new(kind), 3));
        }
        Assert.All([CompressionKind.Fp16, CompressionKind.Bf16, CompressionKind.Int8], kind => Assert.True(RowGradientCompression.Applies(new(kind))));
    }

    private static float[] RoundTrip(CompressionSettings settings, float[] values, int bytes)
    {
        Assert.Equal(bytes, RowGradientCompression.Length(settings, values.Length));
        var payload = new byte[bytes];
        Assert.Equal(bytes, RowGradientCompression.Encode(settings, values, payload));
        var decoded = new float[values.Length];
        RowGradientCompression.Decode(settings, payload, decoded);
        return decoded;
    }
}
