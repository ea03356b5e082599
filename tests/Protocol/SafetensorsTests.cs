using System.Buffers.Binary;
using System.Text;

namespace DistMtl.Protocol.Tests;

public sealed class SafetensorsTests
{
    private const string GoldenHeader =
        """{"__metadata__":{"step":"7"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}""";

    private static byte[] File(string header, int dataBytes = 0) => File(Encoding.UTF8.GetBytes(header), new byte[dataBytes]);

    private static byte[] File(byte[] header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }

    private static byte[] Written(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        Safetensors.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    private static SafetensorsContent Read(byte[] file) => Safetensors.Read(new MemoryStream(file), "m.safetensors");

    private static byte[] Golden() => Written(
        [new("a", [2, 1], new[] { 1f, -2f }), new("b", [], new[] { 0.5f })],
        new Dictionary<string, string> { ["step"] = "7" });

    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        var padded = GoldenHeader.PadRight((GoldenHeader.Length + 7) / 8 * 8);
        Assert.Equal(File(Encoding.UTF8.GetBytes(padded), [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F]), Golden());
    }

    [Fact]
    public void What_is_written_is_read_back_to_the_bit()
    {
        float[] values = [float.NaN, float.NegativeInfinity, -0f, float.Epsilon, 1f / 3, float.MaxValue];
        var content = Read(Written([new("x", [2, 3], values), new("empty", [0, 4], Array.Empty<float>()), new("naïve \"名\"", [1], new[] { 2f })]));
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), content.Tensors["x"].Values.ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal([2, 3], content.Tensors["x"].Shape);
        Assert.Equal(0, content.Tensors["empty"].Values.Length);
        Assert.Equal([2f], content.Tensors["naïve \"名\""].Values.ToArray());
        Assert.Empty(content.Metadata);
        Assert.Equal("7", Read(Golden()).Metadata["step"]);
    }

    [Fact]
    public void Whole_numbers_are_read_where_they_are_expected()
    {
        var path = Path.GetTempFileName();
        Safetensors.Write(path, [NamedTensor.Of("rows", [7, -1, int.MaxValue]), new("x", [1], new[] { 3f }), NamedTensor.Of("none", [])]);

        var tensors = Safetensors.ReadWithIntegers(path).Tensors;

        Assert.Equal([7, -1, int.MaxValue], tensors["rows"].Integers!.Value.ToArray());
        Assert.Equal([3], tensors["rows"].Shape);
        Assert.Empty(tensors["none"].Integers!.Value.ToArray());
        Assert.Null(tensors["x"].Integers);
        Assert.Equal([3f], tensors["x"].Values.ToArray());
        Assert.Contains("tensor 'rows' is of type I32", Assert.Throws<InvalidDataException>(() => Safetensors.Read(path)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Written([NamedTensor.Of("rows", [7]) with { Shape = [2] }]));
        System.IO.File.Delete(path);
    }

    [Fact]
    public void No_tensors_are_a_file_too() => Assert.Empty(Read(Written([])).Tensors);

    [Fact]
    public void A_file_on_disk_is_replaced_and_read()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");
        try
        {
            Safetensors.Write(path, [new("long", [100], new float[100])]);
            Safetensors.Write(path, [new("x", [1], new[] { 3f })]);
            Assert.Equal([3f], Safetensors.Read(path).Tensors["x"].Values.ToArray());
        }
        finally
        {
            System.IO.File.Delete(path);
        }
    }

    [Fact]
    public void Every_truncation_is_found_and_the_file_named()
    {
        var file = Golden();
        for (var length = 0; length < file.Length; length++)
        {
            var error = Assert.Throws<InvalidDataException>(() => Read(file[..length]));
            Assert.StartsWith("m.safetensors is not a sound safetensors file: ", error.Message, StringComparison.Ordinal);
        }
        Assert.Throws<InvalidDataException>(() => Read([.. file, 0]));
    }

    [Fact]
    public void A_damaged_byte_is_an_error_or_another_value_but_nothing_else()
    {
        var file = Golden();
        for (var position = 0; position < file.Length; position++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var damaged = (byte[])file.Clone();
                damaged[position] ^= (byte)(1 << bit);
                try
                {
                    var content = Read(damaged);
                    Assert.Equal(3, content.Tensors.Values.Sum(tensor => tensor.Values.Length));
                }
                catch (InvalidDataException)
                {
                    // The other permitted end.
                }
            }
        }
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "8 bytes of data are there")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}""", 4, "takes 12 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}""", 4, "shape [-1, -1]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,4],"data_offsets":[0,4]}}""", 4, "shape [2147483647")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}""", 4, "the file has 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "1 data offsets")]
    [InlineData("""{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", 8, "type I64; only F32")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "cannot be read")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "cannot be read")]
    [InlineData("""{"a":7}""", 0, "cannot be read")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 0, "cannot be read")]
    [InlineData("""{"__metadata__":{"step":7}}""", 0, "cannot be read")]
    [InlineData("""[]""", 0, "does not begin")]
    [InlineData("", 0, "does not begin")]
    [InlineData("""{} x""", 0, "cannot be read")]
    public void A_header_that_lies_is_found_out(string header, int dataBytes, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => Read(File(header, dataBytes)));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100_000_001)]
    [InlineData(-1)]
    [InlineData(1000)]
    public void A_header_length_that_lies_takes_no_memory(long length)
    {
        var file = Golden();
        BinaryPrimitives.WriteInt64LittleEndian(file, length);
        var error = Assert.Throws<InvalidDataException>(() => Read(file));
        Assert.Contains("its header claims", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_read_back_is_not_written()
    {
        Assert.Throws<ArgumentException>(() => Written([new("a", [1], new float[1]), new("a", [1], new float[1])]));
        Assert.Throws<ArgumentException>(() => Written([new("__metadata__", [1], new float[1])]));
        Assert.Throws<ArgumentException>(() => Written([new("a", [2, 2], new float[3])]));
    }

    [Fact]
    public void Halves_of_both_kinds_are_read_as_floats_and_what_is_not_wanted_may_be_anything()
    {
        var header = """{"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[4,12]},"brain":{"dtype":"BF16","shape":[1],"data_offsets":[12,14]}}""";
        byte[] data =
        [
            .. BitConverter.GetBytes((Half)0.5f), .. BitConverter.GetBytes((Half)(-3f)), .. BitConverter.GetBytes(7L),
            .. BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(1.5f) >> 16)),
        ];
        var path = Path.GetTempFileName();
        System.IO.File.WriteAllBytes(path, File(Encoding.UTF8.GetBytes(header), data));

        var tensors = Safetensors.Read(path, name => name != "ids").Tensors;

        Assert.Equal([0.5f, -3f], tensors["half"].Values.ToArray());
        Assert.Equal([1.5f], tensors["brain"].Values.ToArray());
        Assert.Equal([1], Safetensors.Shapes(path)["ids"]);
        Assert.Equal(2, tensors.Count);
        Assert.Contains("tensor 'ids' is of type I64", Assert.Throws<InvalidDataException>(() => Safetensors.Read(path)).Message, StringComparison.Ordinal);
        System.IO.File.Delete(path);
    }
}
