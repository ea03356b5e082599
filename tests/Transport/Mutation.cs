using System.Buffers.Binary;

namespace DistMtl.Transport.Tests;

/// <summary>Seeded damage: flipped bits, other bytes, other lengths, a piece cut out, doubled or swapped, an end cut off.</summary>
internal static class Mutation
{
    /// <summary>Always another sequence of bytes than <paramref name="original"/>.</summary>
    public static byte[] Of(byte[] original, Random random) => Of(original, [0, original.Length], random);

    /// <param name="records">Where the records begin, and the end: whole ones are dropped, doubled and swapped, too.</param>
    public static byte[] Of(byte[] original, int[] records, Random random)
    {
        while (true)
        {
            var mutated = Once(original, records, random);
            if (!mutated.AsSpan().SequenceEqual(original))
                return mutated;
        }
    }

    private static byte[] Once(byte[] original, int[] records, Random random)
    {
        byte[] bytes = [.. original];
        var (at, end) = Two(random, bytes.Length + 1);
        var (first, second) = Two(random, records.Length);
        switch (random.Next(9))
        {
            case 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                random.NextBytes(bytes.AsSpan(at, Math.Min(end - at, 8)));
                return bytes;
            case 2:
                return [.. bytes[..at], .. bytes[end..]];
            case 3:
                return [.. bytes[..end], .. bytes[at..]];
            case 4:
                return bytes[..at];
            case 5:
                return [.. bytes[..records[first]], .. bytes[records[second]..]];
            case 6:
                return [.. bytes[..records[second]], .. bytes[records[first]..]];
            case 7:
                var (left, right) = (bytes[records[first]..records[second]], bytes[records[second]..Math.Min(bytes.Length, records[second] + (records[second] - records[first]))]);
                return [.. bytes[..records[first]], .. right, .. left, .. bytes[(records[second] + right.Length)..]];
            default:
                // A length: of a header or of a payload.
                var record = records[random.Next(records.Length - 1)];
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Math.Min(record + (random.Next(2) == 0 ? 3 : 8), bytes.Length - 4)), random.Next() >> random.Next(31));
                return bytes;
        }
    }

    private static (int Less, int More) Two(Random random, int limit)
    {
        var (one, other) = (random.Next(limit), random.Next(limit));
        return (Math.Min(one, other), Math.Max(one, other));
    }
}
