using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace DistMtl.Coordinator.Runs;

/// <summary>The fingerprint of a model: two runs with equal bits have equal hashes.</summary>
internal static class ParametersHash
{
    /// <summary>SHA-256 of the numbers in layout order, little-endian, as lower-case hex.</summary>
    public static string Of(ReadOnlySpan<float> parameters_P)
    {
        if (BitConverter.IsLittleEndian)
            return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(parameters_P)));
        var bytes = new byte[parameters_P.Length * sizeof(float)];
        for (var i = 0; i < parameters_P.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), parameters_P[i]);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
