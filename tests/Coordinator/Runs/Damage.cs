namespace DistMtl.Coordinator.Tests.Runs;

/// <summary>Seeded damage to the files of a folder.</summary>
internal static class Damage
{
    /// <summary>Always other bytes: flipped bits, a piece overwritten, cut out or doubled, an end cut off or put on, zeros, nothing.</summary>
    public static byte[] Of(byte[] original, Random random)
    {
        while (true)
        {
            var damaged = Once(original, random);
            if (!damaged.AsSpan().SequenceEqual(original))
                return damaged;
        }
    }

    /// <summary>Damages a file of the folder, takes it away, or puts another in its place.</summary>
    /// <param name="others">Folders whose files may come in its place.</param>
    public static void Strike(string folder, IReadOnlyList<string> others, Random random)
    {
        var files = Directory.GetFiles(folder);
        if (files.Length == 0)
            return;
        Array.Sort(files, StringComparer.Ordinal);
        var (file, second) = (files[random.Next(files.Length)], files[random.Next(files.Length)]);
        switch (random.Next(8))
        {
            case 0:
                File.Delete(file);
                break;
            case 1:
                Replace(file, File.ReadAllBytes(second));
                break;
            case 2:
                var (one, two) = (File.ReadAllBytes(file), File.ReadAllBytes(second));
                Replace(file, two);
                Replace(second, one);
                break;
            case 3 when others.Count > 0:
                var other = Path.Combine(others[random.Next(others.Count)], Path.GetFileName(file));
                if (File.Exists(other))
                    Replace(file, File.ReadAllBytes(other));
                break;
            case 4:
                File.Delete(file);
                Directory.CreateDirectory(file);
                break;
            default:
                Replace(file, Of(File.ReadAllBytes(file), random));
                break;
        }
    }

    /// <summary>Under another inode: a file that has several names keeps its content under the others.</summary>
    private static void Replace(string file, byte[] bytes)
    {
        File.Delete(file);
        File.WriteAllBytes(file, bytes);
    }

    private static byte[] Once(byte[] original, Random random)
    {
        byte[] bytes = [.. original];
        var (at, end) = (random.Next(bytes.Length + 1), random.Next(bytes.Length + 1));
        if (at > end)
            (at, end) = (end, at);
        switch (random.Next(8))
        {
            case 0 or 1 when bytes.Length > 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                random.NextBytes(bytes.AsSpan(at, Math.Min(end - at, 16)));
                return bytes;
            case 3:
                return [.. bytes[..at], .. bytes[end..]];
            case 4:
                return [.. bytes[..end], .. bytes[at..]];
            case 5:
                return bytes[..at];
            case 6:
                bytes.AsSpan(at, end - at).Clear();
                return bytes;
            default:
                var garbage = new byte[random.Next(64)];
                random.NextBytes(garbage);
                return random.Next(4) == 0 ? garbage : [.. bytes, .. garbage];
        }
    }
}
