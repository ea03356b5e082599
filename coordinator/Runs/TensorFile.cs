using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DistMtl.Coordinator.Runs;

/// <summary>One named tensor of a checkpoint.</summary>
internal sealed record NamedTensor(string Name, IReadOnlyList<int> Shape, ReadOnlyMemory<float> Values);

/// <summary>Stands in for the safetensors reader and writer of the protocol project.</summary>
internal static class TensorFile
{
    public static void Write(string path, IReadOnlyList<NamedTensor> tensors)
    {
        var header = JsonText.Of(json =>
        {
            json.WriteStartObject();
            var begin = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(begin += tensor.Values.Length * (long)sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        });
        var bytes = System.Text.Encoding.UTF8.GetBytes(header);
        using var file = File.Create(path);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
        file.Write(length);
        file.Write(bytes);
        foreach (var tensor in tensors)
            file.Write(MemoryMarshal.AsBytes(tensor.Values.Span));
    }

    public static IReadOnlyDictionary<string, NamedTensor> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, headerLength));
        return header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToDictionary(entry => entry.Name, entry =>
        {
            var offsets = entry.Value.GetProperty("data_offsets");
            var begin = offsets[0].GetInt32();
            var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + headerLength + begin, offsets[1].GetInt32() - begin)).ToArray();
            return new NamedTensor(entry.Name, [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())], values);
        });
    }
}
