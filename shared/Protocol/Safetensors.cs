using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DistMtl.Protocol;

/// <summary>One tensor as a safetensors file holds it.</summary>
/// <param name="Shape">Row-major; empty for a single number.</param>
/// <param name="Values">As many as the shape's product; none for a tensor of whole numbers.</param>
public sealed record NamedTensor(string Name, IReadOnlyList<int> Shape, ReadOnlyMemory<float> Values)
{
    /// <summary>Of a tensor of whole numbers, as many as the shape's product; null for floats.</summary>
    public ReadOnlyMemory<int>? Integers { get; init; }

    internal int Length => Integers?.Length ?? Values.Length;

    /// <summary>A vector of whole numbers.</summary>
    public static NamedTensor Of(string name, int[] integers) => new(name, [integers.Length], ReadOnlyMemory<float>.Empty) { Integers = integers };
}

/// <summary>
/// The safetensors format, which PyTorch and others read: the header's length (8 bytes, little-endian), a JSON header
/// (name, type, shape, place of each tensor) padded with spaces to 8 bytes, then the raw little-endian numbers without
/// gaps. Only 32-bit floats and whole numbers are written here; 16-bit floats, of both kinds, are read too, for files that came
/// from elsewhere.
/// </summary>
public static class Safetensors
{
    /// <summary>Numbers that are read or written in one go.</summary>
    internal const int PieceLength = 1 << 24;

    internal const string MetadataKey = "__metadata__";
    internal const string FloatType = "F32";
    internal const string IntegerType = "I32";
    internal const string HalfType = "F16";
    internal const string BrainType = "BF16";

    /// <summary>Writes a new file; <see cref="Write(Stream, IReadOnlyList{NamedTensor}, IReadOnlyDictionary{string, string}?)"/> says what.</summary>
    public static void Write(string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        Write(file, tensors, metadata);
    }

    /// <summary>Writes the tensors in the order given; the same input gives the same bytes.</summary>
    /// <param name="metadata">Text for a reader; ordered by key.</param>
    /// <exception cref="ArgumentException">A name twice or reserved, or a shape that does not fit its values.</exception>
    public static void Write(Stream stream, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        RequireLittleEndian();
        var header = Header(tensors, metadata);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var tensor in tensors)
        {
            if (tensor.Integers is { } integers)
                WriteAll(stream, integers.Span);
            else
                WriteAll(stream, tensor.Values.Span);
        }
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidDataException">Truncated, damaged or not safetensors; the message names the file.</exception>
    public static SafetensorsContent Read(string path) => Read(path, _ => true);

    /// <summary>Reads a whole file, in which there may be tensors of whole numbers.</summary>
    /// <exception cref="InvalidDataException">Truncated, damaged or not safetensors; the message names the file.</exception>
    public static SafetensorsContent ReadWithIntegers(string path) => Read(path, _ => true, withIntegers: true);

    /// <summary>Reads some tensors of a file; the others may be of any type.</summary>
    /// <exception cref="InvalidDataException">Truncated, damaged or not safetensors; the message names the file.</exception>
    public static SafetensorsContent Read(string path, Func<string, bool> isWanted) => Read(path, isWanted, withIntegers: false);

    /// <summary>The tensors' shapes, row-major, by name; their values are not read.</summary>
    /// <exception cref="InvalidDataException">Truncated, damaged or not safetensors; the message names the file.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<int>> Shapes(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return SafetensorsReader.Shapes(file, path);
    }

    /// <summary>Reads from the stream's position to its end, which must be the file's.</summary>
    /// <param name="stream">Seekable.</param>
    /// <param name="name">For error messages.</param>
    /// <exception cref="InvalidDataException">Truncated, damaged or not safetensors.</exception>
    public static SafetensorsContent Read(Stream stream, string name)
    {
        RequireLittleEndian();
        return SafetensorsReader.Read(stream, name, _ => true, withIntegers: false);
    }

    private static SafetensorsContent Read(string path, Func<string, bool> isWanted, bool withIntegers)
    {
        RequireLittleEndian();
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return SafetensorsReader.Read(file, path, isWanted, withIntegers);
    }

    /// <summary>In pieces, for a span of bytes is never longer than 2^31 - 1.</summary>
    private static void WriteAll<T>(Stream stream, ReadOnlySpan<T> values) where T : unmanaged
    {
        while (!values.IsEmpty)
        {
            var piece = values[..Math.Min(values.Length, PieceLength)];
            stream.Write(MemoryMarshal.AsBytes(piece));
            values = values[piece.Length..];
        }
    }

    private static byte[] Header(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            var offset = 0L;
            var names = new HashSet<string>(StringComparer.Ordinal) { MetadataKey };
            foreach (var tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                    throw new ArgumentException($"the tensor name '{tensor.Name}' stands twice or is reserved", nameof(tensors));
                if (tensor.Shape.Any(size => size < 0) || tensor.Shape.Aggregate(1L, (product, size) => checked(product * size)) != tensor.Length)
                    throw new ArgumentException($"tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Shape)}] has {tensor.Length} values", nameof(tensors));
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Integers is null ? FloatType : IntegerType);
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += (long)tensor.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % sizeof(long) != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    /// <summary>Numbers go between file and memory as they are, which every machine .NET trains on allows.</summary>
    private static void RequireLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("safetensors files are little-endian and this machine is not");
    }
}
