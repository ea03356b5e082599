using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Writes scalars so that every YAML reader, not only this one, takes a text for a text and a number for a number.</summary>
internal static partial class YamlText
{
    /// <summary>Plain where that is safe, else in double quotes.</summary>
    public static string Of(string text) => PlainPattern().IsMatch(text) && !ReservedPattern().IsMatch(text) ? text : Quoted(text);

    /// <summary>The shortest text that gives the same bits; YAML 1.1 wants a point before an exponent.</summary>
    public static string Of(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var exponent = text.IndexOf('E', StringComparison.Ordinal);
        if (exponent < 0)
            return text;
        var mantissa = text[..exponent];
        return $"{(mantissa.Contains('.', StringComparison.Ordinal) ? mantissa : mantissa + ".0")}e{text[(exponent + 1)..]}";
    }

    public static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var letter in text)
        {
            if (letter is '"' or '\\')
                quoted.Append('\\').Append(letter);
            else if (letter == '\t')
                quoted.Append("\\t");
            else if (char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\uFEFF')
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}");
            else
                quoted.Append(letter);
        }
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z_/][A-Za-z0-9_./+\-]*\z")]
    private static partial Regex PlainPattern();

    /// <summary>Words that other readers take for a boolean or for nothing.</summary>
    [GeneratedRegex(@"^(true|false|null|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase)]
    private static partial Regex ReservedPattern();
}
