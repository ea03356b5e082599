using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DistMtl.Protocol;

/// <summary>What a safetensors file holds.</summary>
/// <param name="Tensors">By name.</param>
/// <param name="Metadata">The writer's remarks.</param>
public sealed record SafetensorsContent(
    IReadOnlyDictionary<string, NamedTensor> Tensors,
    IReadOnlyDictionary<string, string> Metadata);

/// <summary>Reads a safetensors file and believes nothing in it: every length is checked before memory is taken for it.</summary>
internal static class SafetensorsReader
{
    /// <summary>The format's own limit on the header, which keeps a damaged length from taking all memory.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    private sealed record Place(string Name, string Type, int Bytes, int[] Shape, long Start, long End);

    public static SafetensorsContent Read(Stream stream, string file, Func<string, bool> isWanted, bool withIntegers)
    {
        var (places, metadata, data) = ReadHeader(stream, file);
        var tensors = new Dictionary<string, NamedTensor>(StringComparer.Ordinal);
        foreach (var place in places.Where(place => isWanted(place.Name)))
        {
            stream.Position = data + place.Start;
            if (withIntegers && place.Type == Safetensors.IntegerType)
            {
                var integers = GC.AllocateUninitializedArray<int>((int)((place.End - place.Start) / place.Bytes));
                ReadAll(stream, integers);
                tensors.Add(place.Name, new NamedTensor(place.Name, place.Shape, ReadOnlyMemory<float>.Empty) { Integers = integers });
                continue;
            }
            if (place.Type is not (Safetensors.FloatType or Safetensors.HalfType or Safetensors.BrainType))
                throw Bad(file, $"tensor '{place.Name}' is of type {place.Type}; only {Safetensors.FloatType}, {Safetensors.HalfType} and {Safetensors.BrainType} are read");
            tensors.Add(place.Name, new NamedTensor(place.Name, place.Shape, ReadValues(stream, place, file)));
        }
        return new SafetensorsContent(tensors, metadata);
    }

    public static IReadOnlyDictionary<string, IReadOnlyList<int>> Shapes(Stream stream, string file) =>
        ReadHeader(stream, file).Places.ToDictionary(place => place.Name, place => (IReadOnlyList<int>)place.Shape, StringComparer.Ordinal);

    /// <summary>The tensors' places, all checked, and where in the stream their data begin.</summary>
    private static (List<Place> Places, Dictionary<string, string> Metadata, long Data) ReadHeader(Stream stream, string file)
    {
        var available = stream.Length - stream.Position;
        if (available < sizeof(long))
            throw Bad(file, $"it has {available} bytes, too few for the header's length");
        Span<byte> lengthBytes = stackalloc byte[sizeof(long)];
        stream.ReadExactly(lengthBytes);
        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (headerBytes > MaxHeaderBytes)
            throw Bad(file, $"its header claims {headerBytes} bytes; at most {MaxHeaderBytes} are allowed");
        if (headerBytes > (ulong)(available - sizeof(long)))
            throw Bad(file, $"its header claims {headerBytes} bytes, of which {available - sizeof(long)} are there");
        var header = new byte[headerBytes];
        stream.ReadExactly(header);

        var dataBytes = available - sizeof(long) - header.Length;
        var (places, metadata) = ParseHeader(header, file);
        CheckPlaces(places, dataBytes, file);
        return (places, metadata, stream.Position);
    }

    private static float[] ReadValues(Stream stream, Place place, string file)
    {
        var values = GC.AllocateUninitializedArray<float>((int)((place.End - place.Start) / place.Bytes));
        if (place.Type == Safetensors.FloatType)
        {
            ReadAll(stream, values);
            return values;
        }
        var halves = GC.AllocateUninitializedArray<ushort>(values.Length);
        ReadAll(stream, halves);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = place.Type switch
            {
                Safetensors.HalfType => (float)BitConverter.UInt16BitsToHalf(halves[i]),
                Safetensors.BrainType => BitConverter.UInt32BitsToSingle((uint)halves[i] << 16),
                _ => throw new InvalidOperationException($"{file}: the type {place.Type} of '{place.Name}' has passed the check"),
            };
        }
        return values;
    }

    /// <summary>In pieces, for a span of bytes is never longer than 2^31 - 1.</summary>
    private static void ReadAll<T>(Stream stream, T[] values) where T : unmanaged
    {
        for (var start = 0; start < values.Length; start += Safetensors.PieceLength)
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan(start, Math.Min(Safetensors.PieceLength, values.Length - start))));
    }

    /// <summary>The tensors' places, in the order of the file.</summary>
    private static (List<Place> Places, Dictionary<string, string> Metadata) ParseHeader(byte[] header, string file)
    {
        var places = new List<Place>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (header.Length == 0 || header[0] != '{')
            throw Bad(file, "its header does not begin with '{'");
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false });
            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (property.Name == Safetensors.MetadataKey)
                {
                    foreach (var entry in property.Value.EnumerateObject())
                        metadata.Add(entry.Name, entry.Value.GetString() ?? throw Bad(file, $"its metadata '{entry.Name}' is no text"));
                    continue;
                }
                places.Add(ParsePlace(property.Name, property.Value, file));
            }
        }
        // The exceptions that a JSON value of another kind or size than expected gives.
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Bad(file, $"its header cannot be read: {error.Message}", error);
        }
        places.Sort((a, b) => (a.Start, a.End).CompareTo((b.Start, b.End)));
        return (places, metadata);
    }

    private static Place ParsePlace(string name, JsonElement tensor, string file)
    {
        var type = tensor.GetProperty("dtype").GetString();
        var bytes = BytesOf(type) ?? throw Bad(file, $"tensor '{name}' is of type {type}, which the format does not have");
        var shape = tensor.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()).ToArray();
        var offsets = tensor.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64()).ToArray();
        if (offsets.Length != 2)
            throw Bad(file, $"tensor '{name}' has {offsets.Length} data offsets, not 2");
        return new Place(name, type!, bytes, shape, offsets[0], offsets[1]);
    }

    /// <summary>Of one number; null: no type of the format.</summary>
    private static int? BytesOf(string? type) => type switch
    {
        "F64" or "I64" or "U64" => 8,
        Safetensors.FloatType or Safetensors.IntegerType or "U32" => 4,
        Safetensors.HalfType or Safetensors.BrainType or "I16" or "U16" => 2,
        "F8_E4M3" or "F8_E5M2" or "I8" or "U8" or "BOOL" => 1,
        _ => null,
    };

    private static void CheckPlaces(List<Place> places, long dataBytes, string file)
    {
        var end = 0L;
        foreach (var place in places)
        {
            var shape = $"[{string.Join(", ", place.Shape)}]";
            if (place.Start < end)
                throw Bad(file, $"tensor '{place.Name}' at {place.Start} overlaps what ends at {end}");
            if (place.Start > end)
                throw Bad(file, $"there is a hole before tensor '{place.Name}', from {end} to {place.Start}");
            if (place.End < place.Start || place.End > dataBytes)
                throw Bad(file, $"tensor '{place.Name}' lies at {place.Start} to {place.End}; the file has {dataBytes} bytes of data");
            var elements = 1.0;
            foreach (var size in place.Shape)
                elements *= size >= 0 ? size : throw Bad(file, $"tensor '{place.Name}' has the shape {shape}");
            // In double no product overflows, and every product that is a possible length is exact.
            if (elements * place.Bytes != place.End - place.Start || elements > Array.MaxLength)
                throw Bad(file, $"tensor '{place.Name}' of shape {shape} takes {elements * place.Bytes} bytes, but its place has {place.End - place.Start}");
            end = place.End;
        }
        if (end != dataBytes)
            throw Bad(file, $"its tensors end at {end}, but {dataBytes} bytes of data are there");
    }

    private static InvalidDataException Bad(string file, string reason, Exception? inner = null) =>
        new($"{file} is not a sound safetensors file: {reason}", inner);
}
