namespace DistMtl.Transport.Tests;

/// <summary>Seeded damage: flipped bits, other bytes, a piece cut out or doubled, an end cut off.</summary>
internal static class Mutation
{
    /// <summary>Always another sequence of bytes than <paramref name="original"/>.</summary>
    public static byte[] Of(byte[] original, Random random)
    {
        while (true)
        {
            var mutated = Once(original, random);
            if (!mutated.AsSpan().SequenceEqual(original))
                return mutated;
        }
    }

    private static byte[] Once(byte[] original, Random random)
    {
        byte[] bytes = [.. original];
        var (at, end) = (random.Next(bytes.Length), random.Next(bytes.Length + 1));
        (at, end) = (Math.Min(at, end), Math.Max(at, end));
        switch (random.Next(5))
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
            default:
                return bytes[..at];
        }
    }
}
