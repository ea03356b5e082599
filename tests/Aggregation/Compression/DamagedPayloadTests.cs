using System.Buffers.Binary;
using CsCheck;
using DistMtl.Aggregation.Compression;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Compression.CompressionTesting;

namespace DistMtl.Aggregation.Tests.Compression;

/// <summary>What comes over the wire is believed only where it makes sense.</summary>
public sealed class DamagedPayloadTests
{
    private static readonly ParameterLayout Small = Layout(("weight", [12, 10], null), ("bias", [10], null));

    public static TheoryData<int> Kinds => KindNumbers;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_payload_that_is_cut_off_or_goes_on_is_refused(int kind)
    {
        var plan = Plan(AllKinds[kind], Small, perTask: true);
        var payload = Payload(plan);
        for (var length = 0; length < payload.Length; length++)
            Assert.Throws<InvalidDataException>(() => plan.Decode(0, payload[..length]));
        Assert.Throws<InvalidDataException>(() => plan.Decode(0, [.. payload, 0]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_damaged_payload_is_refused_or_finite(int kind)
    {
        var plan = Plan(AllKinds[kind], Small, perTask: true);
        var payload = Payload(plan);
        Gen.Select(Gen.Int[0, payload.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            var damaged = (byte[])payload.Clone();
            foreach (var (place, value) in changes)
                damaged[place] = value;
            var sum = new float[260];
            try
            {
                Assert.All(plan.Decode(0, damaged), value => Assert.True(float.IsFinite(value)));
                new GradientDecoder(plan).Add(0, damaged, sum);
            }
            catch (InvalidDataException)
            {
                Assert.Throws<InvalidDataException>(() => new GradientDecoder(plan).Add(0, damaged, sum));
                Assert.Equal(new float[260], sum);
            }
        }, iter: 500);
    }

    [Theory]
    [InlineData("has 6 elements in a row of 5", 6)]
    [InlineData("has -1 elements in a row of 5", -1)]
    [InlineData("has element 5 in a row of 5", 1, 5, 0, 0, 128, 63)]
    [InlineData("has element 5 in a row of 5", 2, 4, 0, 0, 128, 63, 0, 0, 0, 128, 63)]
    [InlineData("has no distance behind element -1", 1, 130, 128, 128, 0, 0, 0, 128, 63)]
    [InlineData("has no distance behind element -1", 1, 130, 0, 0, 0, 128, 63)]
    [InlineData("has no distance behind element 1", 2, 1, 0, 0, 128, 63)]
    [InlineData("has the value 0 at element 1", 1, 1, 0, 0, 0, 0)]
    [InlineData("has the value -0 at element 1", 1, 1, 0, 0, 0, 128)]
    [InlineData("has the value NaN at element 1", 1, 1, 0, 0, 192, 127)]
    [InlineData("ends before the value of element 1", 1, 1, 0, 0, 128)]
    public void A_sparse_row_says_what_is_wrong_with_it(string problem, int count, params int[] rest)
    {
        var plan = Vector(new(CompressionKind.TopK), 5);
        byte[] payload = [0, 0, 0, 0, .. rest.Select(value => (byte)value)];
        BinaryPrimitives.WriteInt32LittleEndian(payload, count);
        byte[] sound = [1, 0, 0, 0, 3, 0, 0, 128, 63];

        Assert.Contains(problem, Assert.Throws<InvalidDataException>(() => plan.Decode(0, payload)).Message, StringComparison.Ordinal);
        Assert.Contains(problem, Assert.Throws<InvalidDataException>(() => new GradientDecoder(plan).Merge(0, sound, payload)).Message, StringComparison.Ordinal);
        Assert.Equal([0, 0, 0, 1, 0], plan.Decode(0, sound));
    }

    [Theory]
    [InlineData(CompressionKind.Fp16, float.NaN)]
    [InlineData(CompressionKind.Fp16, 0)]
    [InlineData(CompressionKind.Fp16, -1)]
    [InlineData(CompressionKind.Int8, float.PositiveInfinity)]
    [InlineData(CompressionKind.Int8, -1)]
    [InlineData(CompressionKind.Int8, float.MaxValue)]
    public void A_scale_must_be_one(CompressionKind kind, float scale)
    {
        var plan = Vector(new(kind), 5);
        var payload = new ShardCompressor(plan, 0).Compress(0, [1, 2, 3, 4, 5], 0);
        BinaryPrimitives.WriteSingleLittleEndian(payload, scale);
        Assert.Contains("scaled by", Assert.Throws<InvalidDataException>(() => plan.Decode(0, payload)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_that_are_the_callers_fault_are_his_errors()
    {
        var plan = Plan(new(CompressionKind.Bf16), Small);
        Assert.Throws<ArgumentException>(() => new ShardCompressor(plan, 0).Compress(0, new float[129], 0));
        Assert.Throws<ArgumentException>(() => new GradientDecoder(plan).Decode(0, Payload(plan), new float[131]));
        Assert.Throws<InvalidOperationException>(() => new GradientDecoder(plan).Merge(0, Payload(plan), Payload(plan), new byte[999]));
    }

    private static byte[] Payload(CompressionPlan plan) => new ShardCompressor(plan, 0).Compress(0, Gradient(plan.Gradient.Length, 0, 0), 0);
}
