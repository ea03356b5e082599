using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using DistMtl.Aggregation.Tables;

namespace DistMtl.Coordinator.Runs;

/// <summary>The fingerprint of a model: two runs with equal bits have equal hashes.</summary>
internal static class ParametersHash
{
    private const int PieceLength = 1 << 20;

    /// <summary>SHA-256 of the numbers in layout order, little-endian, as lower-case hex.</summary>
    public static string Of(ReadOnlySpan<float> parameters_P) => Of(parameters_P, []);

    /// <summary>
    /// Behind the parameters comes each table: its name, a zero byte, how many of its rows have been trained, their numbers,
    /// ascending, and their values.
    /// </summary>
    /// <param name="tables">In the model's order, all rows of each.</param>
    public static string Of(ReadOnlySpan<float> parameters_P, IReadOnlyList<TableRows> tables)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, parameters_P);
        foreach (var table in tables)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(table.Name + '\0'));
            Append<int>(hash, [table.Rows.Length]);
            Append<int>(hash, table.Rows);
            Append<float>(hash, table.Values_ND);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Little-endian, in pieces, for a span of bytes is never longer than 2^31 - 1.</summary>
    private static void Append<T>(IncrementalHash hash, ReadOnlySpan<T> numbers) where T : unmanaged
    {
        while (!numbers.IsEmpty)
        {
            var piece = MemoryMarshal.AsBytes(numbers[..Math.Min(numbers.Length, PieceLength)]);
            numbers = numbers[(piece.Length / sizeof(float))..];
            if (BitConverter.IsLittleEndian)
            {
                hash.AppendData(piece);
                continue;
            }
            var turned = piece.ToArray();
            BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, int>(piece), MemoryMarshal.Cast<byte, int>(turned.AsSpan()));
            hash.AppendData(turned);
        }
    }
}
