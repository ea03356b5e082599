using System.Buffers.Binary;
using System.IO.Hashing;

namespace DistMtl.Transport.Tests;

/// <summary>What is on the wire is frozen: nodes of two versions must understand each other, or refuse each other.</summary>
public sealed class FrameFormatTests
{
    [Fact]
    public void Kinds_of_frames_are_only_added_to() => Assert.Equal(
        [
            "Hello=1", "Plan=2", "Ready=3", "Work=4", "Sum=5", "Predictions=6", "Failed=7", "Pull=8", "Rows=9", "Slice=10", "Gradient=11", "RowGradients=12",
            "Host=13", "Hosting=14", "State=15", "StateEnd=16", "Publish=17", "Report=18", "Update=19", "Fetch=20",
            "FetchShards=21", "ShardState=22", "ShardStateEnd=23", "TableRows=24", "FetchTrace=25", "TraceEvents=26", "Weights=27",
        ],
        Enum.GetValues<FrameKind>().Select(kind => $"{kind}={(byte)kind}"));

    [Fact]
    public void Records_that_are_no_frames_have_the_last_kinds()
    {
        Assert.Equal((254, 255), ((int)FrameFormat.Chunk, (int)FrameFormat.Credit));
        Assert.True(Enum.GetValues<FrameKind>().All(kind => (byte)kind is > 0 and < 254));
    }

    [Fact]
    public void Numbers_inside_headers_are_only_added_to()
    {
        Assert.Equal(["Train=0", "Validate=1", "Test=2"], Enum.GetValues<WorkKind>().Select(kind => $"{kind}={(int)kind}"));
        Assert.Equal(["None=0", "Train=1", "Validation=2", "Test=4"], Enum.GetValues<Splits>().Select(splits => $"{splits}={(int)splits}"));
    }

    [Fact]
    public void Headers_have_frozen_bytes()
    {
        Assert.Equal("9302A56A6F622D31AD31302E302E302E353A34303533", Hex(Headers.Hello));
        Assert.Equal("9E03A86E616D653A20780A9200010B05C30591AD31302E302E302E353A34313030162CC2C0C0C0", Hex(Headers.Plan));
        Assert.Equal("94039200019264639207CD012C", Hex(Headers.Ready));
        Assert.Equal("9503050092CA3F000000CABF800000C0", Hex(Headers.Work));
        Assert.Equal("95030502C0C0", Hex(new WorkHeader(3, 5, WorkKind.Test, null)));
        Assert.Equal("95030500C09207CD012C", Hex(new WorkHeader(3, 5, WorkKind.Train, null, [7, 300])));
        Assert.Equal("9A0305010292CB3FD0000000000000CB3E112E0BE826D695921003920F04920808C000", Hex(Headers.Sum));
        Assert.Equal("95030592CB3FE0000000000000CB3FF000000000000092CB3FF0000000000000CB3FD00000000000009207CD012C", Hex(Headers.Weights));
        Assert.Equal("970305010614920104C3", Hex(Headers.Predictions));
        Assert.Equal("92A26E6F03", Hex(Headers.Failed));
    }

    [Fact]
    public void Headers_of_parameter_servers_have_frozen_bytes()
    {
        Assert.Equal("960305010206920201", Hex(Headers.Pull));
        Assert.Equal("96030501FF06920201", Hex(Headers.Pull with { Level = PullHeader.Prediction }));
        Assert.Equal("96030501020601", Hex(new RowsHeader(3, 5, 1, 2, 6, RowsPart.Untouched)));
        Assert.Equal("93030507", Hex(new SliceHeader(3, 5, 7)));
        Assert.Equal("950305070206", Hex(new GradientHeader(3, 5, 7, 2, 6)));
        Assert.Equal("950305010206", Hex(new RowGradientHeader(3, 5, 1, 2, 6)));
        Assert.Equal("9603A86E616D653A20780A01C392A177C09292000190", Hex(Headers.Host));
        Assert.Equal("930301CD1004", Hex(Headers.Hosting));
        Assert.Equal("940301A16D07", Hex(Headers.State));
        Assert.Equal("94030105CD012C", Hex(Headers.StateEnd));
        Assert.Equal("93030105", Hex(Headers.Order));
        Assert.Equal("960301059200024001", Hex(Headers.Report));
        Assert.Equal("9B03010591CB3FE0000000000000C09110CB3FF0000000000000CB3FE00000000000000109C2", Hex(Headers.Update));
        Assert.Equal("930304A16D", Hex(Headers.ShardState));
        Assert.Equal("920305", Hex(Headers.ShardStateEnd));
        Assert.Equal("920307", Hex(Headers.TraceEvents));
        Assert.Equal("9503010092A4726F7773A676616C756573920206", Hex(Headers.TableRows));
    }

    [Fact]
    public void A_header_without_a_later_field_has_its_default()
    {
        Assert.False(FrameFormat.Deserialize<PredictionsHeader>(Convert.FromHexString("960305010614920104")).HasGroups);
        Assert.Null(FrameFormat.Deserialize<PlanHeader>(Convert.FromHexString("9B03A86E616D653A20780A9200010B05C30591AD31302E302E302E353A34313030162CC2")).Run);
        Assert.Null(FrameFormat.Deserialize<SumHeader>(Convert.FromHexString("980305010292CB3FD0000000000000CB3E112E0BE826D695921003920F04920808")).NotFinite);
        Assert.False(FrameFormat.Deserialize<UpdateHeader>(Convert.FromHexString("9A03010591CB3FE0000000000000C09110CB3FF0000000000000CB3FE00000000000000109")).IsSkipped);
        Assert.Null(FrameFormat.Deserialize<WorkHeader>(Convert.FromHexString("94030502C0")).Labels_T);
    }

    /// <summary>Field by field as WIRE-FORMAT.md draws it, then as a whole.</summary>
    [Fact]
    public async Task Records_have_frozen_bytes()
    {
        byte[] payload = [1, 2, 3, 4, 5, 6, 7, 8];
        var recording = new Recording();
        var credit = await recording.CreditAsync(0, 32 << 20);
        var frame = await recording.FrameAsync(FrameKind.Work, Headers.Work, payload);

        Assert.Equal("DMT2"u8, frame.AsSpan(0, 4));
        Assert.Equal(16, frame[4] | frame[5] << 8 | frame[6] << 16);
        Assert.Equal((byte)FrameKind.Work, frame[7]);
        Assert.Equal(8, BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(8)));
        Assert.Equal(FrameFormat.Serialize(Headers.Work), frame.AsSpan(16, 16));
        byte[] soFar = [.. credit[..32], .. frame[..32]];
        Assert.Equal(XxHash3.HashToUInt64(soFar), BinaryPrimitives.ReadUInt64LittleEndian(frame.AsSpan(32)));
        Assert.Equal((byte)FrameFormat.Chunk, frame[47]);
        Assert.Equal(8, BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(48)));
        Assert.Equal(payload, frame.AsSpan(56, 8));
        Assert.Equal(XxHash3.HashToUInt64([.. soFar, .. frame[40..64]]), BinaryPrimitives.ReadUInt64LittleEndian(frame.AsSpan(64)));
        Assert.Equal("444D5432100000FF0000000000000000" + "0000000000000000" + "0000000200000000" + "4A3EB012901DB5D6", Convert.ToHexString(credit));
        Assert.Equal(
            "444D5432100000040800000000000000" + "9503050092CA3F000000CABF800000C0" + "A9F0843F68252125" + "444D5432000000FE0800000000000000" + "0102030405060708" + "A57A9E64D7881681",
            Convert.ToHexString(frame));
    }

    [Fact]
    public void Every_kind_and_length_survives_a_prefix()
    {
        Span<byte> prefix = stackalloc byte[FrameFormat.PrefixBytes];
        foreach (var kind in Enum.GetValues<FrameKind>())
        {
            FrameFormat.WritePrefix(prefix, kind, FrameFormat.MaxHeaderBytes, FrameFormat.MaxPayloadBytes);
            Assert.Equal((kind, FrameFormat.MaxHeaderBytes, FrameFormat.MaxPayloadBytes), FrameFormat.ReadPrefix(prefix));
        }
    }

    [Theory]
    [InlineData("444D544D" + "00000001" + "0000000000000000", "wrong magic number")]
    [InlineData("474554202F20485454502F312E310D0A", "wrong magic number")] // "GET / HTTP/1.1"
    [InlineData("444D544C" + "00000001" + "0000000000000000", "version 1 of the wire format, not 2")]
    [InlineData("16030100" + "FE010000" + "FA03030000000000", "speaks TLS")] // a ClientHello
    [InlineData("444D5432" + "00000000" + "0000000000000000", "unknown kind 0")]
    [InlineData("444D5432" + "000000FD" + "0000000000000000", "unknown kind 253")]
    [InlineData("444D5432" + "000000FE" + "0000000000000000", "above the limit")] // an empty piece
    [InlineData("444D5432" + "000000FE" + "0100100000000000", "above the limit")] // a piece of 1 MiB + 1
    [InlineData("444D5432" + "000000FF" + "0000000000000000", "above the limit")] // a credit that says nothing
    [InlineData("444D5432" + "00000063" + "0000000000000000", "unknown kind 99")]
    [InlineData("444D5432" + "01004001" + "0000000000000000", "above the limit")] // a header of 4 MiB + 1
    [InlineData("444D5432" + "00000001" + "0100000002000000", "above the limit")] // a payload of 8 GiB + 1
    [InlineData("444D5432" + "00000001" + "FFFFFFFFFFFFFFFF", "above the limit")] // of -1
    public void A_prefix_that_is_none_or_above_the_limits_is_refused(string prefix, string why) =>
        Assert.Contains(why, Assert.Throws<FrameException>(() => FrameFormat.ReadPrefix(Convert.FromHexString(prefix))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_header_of_another_kind_is_refused()
    {
        var hello = FrameFormat.Serialize(Headers.Hello);
        Assert.Throws<FrameException>(() => FrameFormat.Deserialize<SumHeader>(hello));
        Assert.Throws<FrameException>(() => FrameFormat.Deserialize<HelloHeader>(Array.Empty<byte>()));
        Assert.Throws<FrameException>(() => FrameFormat.Deserialize<HelloHeader>(new byte[] { 0xC0 }));
    }

    /// <summary>The checksum finds damage; a peer that means harm can make a right one. Then the header must hold.</summary>
    [Fact]
    public void A_mutated_header_is_read_or_refused_and_nothing_else()
    {
        AssertReadOrRefused(Headers.Sum);
        AssertReadOrRefused(Headers.Weights);
        AssertReadOrRefused(Headers.Pull);
        AssertReadOrRefused(Headers.State);
        AssertReadOrRefused(Headers.Report);
        AssertReadOrRefused(Headers.Update);
        AssertReadOrRefused(Headers.Host);
        AssertReadOrRefused(Headers.TableRows);
    }

    private static void AssertReadOrRefused<T>(T sent)
    {
        var random = new Random(7);
        var original = FrameFormat.Serialize(sent);
        for (var i = 0; i < 5000; i++)
        {
            var header = Mutation.Of(original, random);
            try
            {
                Assert.NotNull(FrameFormat.Deserialize<T>(header));
            }
            catch (FrameException)
            {
                // As it should be.
            }
        }
    }

    private static string Hex<T>(T header)
    {
        var bytes = FrameFormat.Serialize(header);
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(FrameFormat.Serialize(FrameFormat.Deserialize<T>(bytes))));
        return Convert.ToHexString(bytes);
    }
}
