namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Where a piece of YAML stands; an override has no line.</summary>
internal readonly record struct Place(string Source, int Line, int Column)
{
    public static Place OfOverride(string keyPath) => new($"--set {OneLine(keyPath)}", 0, 0);

    /// <summary>Whether it came from the command line, where paths are relative to the current directory.</summary>
    public bool IsOverride => Line == 0;

    public JobProblem Problem(string message) => new(Source, Line, Column, OneLine(message));

    /// <summary>A message may quote any text of the file, and must still be one line.</summary>
    private static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)) : text;
}

/// <summary>
/// A piece of YAML with its place. (The library's own representation model stops at the first duplicate key, and has
/// no room for nodes that came from the command line.)
/// </summary>
internal abstract class YamlNode(Place place)
{
    public Place Place { get; } = place;
}

/// <param name="isPlain">Written without quotes: only such text may be a number.</param>
internal sealed class YamlScalar(Place place, string text, bool isPlain) : YamlNode(place)
{
    public string Text { get; } = text;

    public bool IsPlain { get; } = isPlain;

    /// <summary>A key with nothing behind it.</summary>
    public bool IsEmpty => IsPlain && Text.Length == 0;
}

/// <summary>What was here is already reported; whoever wants a value of it gets none and says nothing.</summary>
internal sealed class YamlRefused(Place place) : YamlNode(place);

internal sealed class YamlList(Place place) : YamlNode(place)
{
    public List<YamlNode> Items { get; } = [];
}

internal sealed class YamlMap(Place place) : YamlNode(place)
{
    public List<YamlEntry> Entries { get; } = [];

    public YamlEntry? Find(string key) => Entries.Find(entry => entry.Key == key);

    /// <summary>Replaces the value of a key, or adds the key.</summary>
    public void Set(YamlEntry entry)
    {
        var index = Entries.FindIndex(existing => existing.Key == entry.Key);
        if (index < 0)
            Entries.Add(entry);
        else
            Entries[index] = entry;
    }
}

internal sealed record YamlEntry(string Key, Place KeyPlace, YamlNode Value);
