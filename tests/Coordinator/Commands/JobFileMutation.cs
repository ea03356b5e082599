using System.Text;

namespace DistMtl.Coordinator.Tests.Commands;

/// <summary>Seeded damage to job files: bytes flipped, lines cut, doubled and swapped, words replaced by others of any job file.</summary>
internal sealed class JobFileMutation
{
    private static readonly string[] s_pieces =
    [
        "", "0", "-1", "1", "3", "1e309", "-1e309", "1e-320", ".nan", ".inf", "99999999999999999999", "2147483648", "9223372036854775808", "4096", "0.5", "1.0", "0x10", "1_000",
        "~", "null", "true", "no", "''", "\"", "'", "\"\\x00\"", "\"\\ud800\"", "{", "}", "[", "]", "{}", "[]", "[[]]", "{a: b}", "[1, 2]", ",", ":", ": ", "-", "- ", "?", "? ", "|", ">", "|+2", "#", " #", "%YAML 1.2",
        "&a", "*a", "!", "!!int", "<<: *a", "---", "...", "\t", "\r", "\0", "\u2028", "\uFEFF", "é", "../..", "/", "/dev/null", "*", "**/*.csv", "a.parquet", "a.csv.gz",
    ];

    private readonly byte[][] _seeds;
    private readonly string[] _words;

    /// <param name="seeds">Texts of job files.</param>
    public JobFileMutation(IReadOnlyList<string> seeds)
    {
        _seeds = [.. seeds.Select(Encoding.UTF8.GetBytes)];
        _words = [.. seeds.SelectMany(Words).Select(word => word.Text).Distinct(), .. s_pieces];
    }

    /// <summary>Of one of the seeds; not always text.</summary>
    public byte[] Next(Random random)
    {
        var bytes = _seeds[random.Next(_seeds.Length)];
        for (var blows = 1 + random.Next(4); blows > 0; blows--)
            bytes = random.Next(4) == 0 ? FlipByte(bytes, random) : Encoding.UTF8.GetBytes(Edit(Encoding.UTF8.GetString(bytes), random));
        return bytes;
    }

    private string Edit(string text, Random random)
    {
        var lines = text.Split('\n').ToList();
        var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(8))
        {
            case 0:
                lines.RemoveAt(one);
                return string.Join('\n', lines);
            case 1:
                lines.Insert(one, lines[other]);
                return string.Join('\n', lines);
            case 2:
                (lines[one], lines[other]) = (lines[other], lines[one]);
                return string.Join('\n', lines);
            case 3:
                lines[one] = random.Next(2) == 0 ? $"  {lines[one]}" : lines[one].TrimStart();
                return string.Join('\n', lines);
            case 4:
                var at = random.Next(text.Length + 1);
                return text.Insert(at, s_pieces[random.Next(s_pieces.Length)]);
            default:
                var words = Words(text);
                if (words.Count == 0)
                    return text + _words[random.Next(_words.Length)];
                var (place, word) = words[random.Next(words.Count)];
                return string.Concat(text.AsSpan(0, place), _words[random.Next(_words.Length)], text.AsSpan(place + word.Length));
        }
    }

    private static byte[] FlipByte(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return [(byte)random.Next(256)];
        byte[] flipped = [.. bytes];
        flipped[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return flipped;
    }

    private static List<(int Place, string Text)> Words(string text)
    {
        List<(int, string)> words = [];
        for (var i = 0; i < text.Length; i++)
        {
            var start = i;
            while (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] is '_' or '.' or '-' or '/'))
                i++;
            if (i > start)
                words.Add((start, text[start..i]));
        }
        return words;
    }
}
