using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace DistMtl.Protocol;

/// <summary>
/// Hashes that are the same in every process, on every machine and in every later version: they place rows in shards
/// and splits and seed every random draw. (<see cref="object.GetHashCode"/> of a string differs between processes.)
/// </summary>
public static class StableHash
{
    /// <summary>XxHash3 of the text's UTF-8 bytes.</summary>
    public static ulong Of(ReadOnlySpan<char> text, long salt = 0)
    {
        var maxBytes = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (maxBytes <= 1024)
        {
            Span<byte> buffer = stackalloc byte[1024];
            return XxHash3.HashToUInt64(buffer[..Encoding.UTF8.GetBytes(text, buffer)], salt);
        }
        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(maxBytes);
        try
        {
            return XxHash3.HashToUInt64(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)), salt);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Mixes numbers (seed, step, shard, ...) into one seed.</summary>
    public static ulong Mix(params ReadOnlySpan<ulong> parts)
    {
        Span<byte> bytes = stackalloc byte[parts.Length * sizeof(ulong)];
        for (var i = 0; i < parts.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(i * sizeof(ulong))..], parts[i]);
        return XxHash3.HashToUInt64(bytes);
    }
}
