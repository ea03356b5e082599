using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>
/// Reads the part of YAML that a job file needs: maps, lists and scalars of one document. What could hide or change a
/// value without the reader of the file seeing it (aliases, tags, duplicate keys, more documents) is a problem.
/// </summary>
internal sealed class YamlTree
{
    /// <summary>A job file is four levels deep; the limit keeps a hostile one from exhausting the stack.</summary>
    private const int MaxDepth = 32;

    private readonly Func<Mark, Place> _placeOf;
    private readonly List<JobProblem> _problems;
    private readonly SteadyParser _parser;

    private YamlTree(string yaml, Func<Mark, Place> placeOf, List<JobProblem> problems)
    {
        _placeOf = placeOf;
        _problems = problems;
        _parser = new SteadyParser(yaml);
    }

    /// <summary>The document's root; null where there is none or the text is not YAML.</summary>
    /// <param name="placeOf">An override gives all its nodes one place.</param>
    public static YamlNode? Read(string yaml, Func<Mark, Place> placeOf, List<JobProblem> problems)
    {
        try
        {
            return new YamlTree(yaml, placeOf, problems).ReadDocument();
        }
        catch (YamlException exception)
        {
            problems.Add(TabIn(yaml, exception) is { } tab
                ? placeOf(tab).Problem("a tab stands here, but YAML is indented by spaces")
                : placeOf(exception.Start).Problem(Explain(exception)));
            return null;
        }
    }

    private YamlNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
            return null;
        _parser.Consume<DocumentStart>();
        var root = ReadNode(depth: 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
            _problems.Add(_placeOf(second.Start).Problem("a second document begins here, but a job file is one document"));
        return root;
    }

    private YamlNode ReadNode(int depth)
    {
        if (depth > MaxDepth)
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"lists and maps are nested more than {MaxDepth} deep");
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            var place = _placeOf(alias.Start);
            _problems.Add(place.Problem($"'*{alias.Value}' would be a YAML alias, which a job file does not use; write the value out, or put text that begins with '*' in quotes"));
            return new YamlRefused(place);
        }
        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            RefuseAnchorAndTag(scalar);
            return new YamlScalar(_placeOf(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain);
        }
        return _parser.Current is SequenceStart ? ReadList(depth) : ReadMap(depth);
    }

    private YamlList ReadList(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        RefuseAnchorAndTag(start);
        var list = new YamlList(_placeOf(start.Start));
        while (!_parser.TryConsume<SequenceEnd>(out _))
            list.Items.Add(ReadNode(depth + 1));
        return list;
    }

    private YamlMap ReadMap(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        RefuseAnchorAndTag(start);
        var map = new YamlMap(_placeOf(start.Start));
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (key is not YamlScalar name)
                _problems.Add(key.Place.Problem("a key must be a word, not a list or a map"));
            else if (map.Find(name.Text) is { } first)
                _problems.Add(key.Place.Problem($"key '{name.Text}' stands twice, first in line {first.KeyPlace.Line}"));
            else
                map.Entries.Add(new YamlEntry(name.Text, key.Place, value));
        }
        return map;
    }

    private void RefuseAnchorAndTag(NodeEvent node)
    {
        if (!node.Anchor.IsEmpty)
            _problems.Add(_placeOf(node.Start).Problem($"'&{node.Anchor.Value}' is a YAML anchor, which a job file does not use"));
        if (!node.Tag.IsEmpty)
            _problems.Add(_placeOf(node.Start).Problem($"'{node.Tag.Value}' is a YAML tag, which a job file does not use"));
    }

    /// <summary>The first tab in the indentation of a line near the error: the commonest cause, and invisible.</summary>
    private static Mark? TabIn(string yaml, YamlException exception)
    {
        var lines = yaml.Split('\n');
        var last = exception.Message.Contains("tab", StringComparison.Ordinal) ? lines.Length : Math.Min(exception.End.Line + 1, lines.Length);
        for (var line = exception.Start.Line; line <= last; line++)
        {
            var text = lines[line - 1].AsSpan();
            var tab = text[..^text.TrimStart(" \t").Length].IndexOf('\t');
            if (tab >= 0)
                return new Mark(0, line, tab + 1);
        }
        return null;
    }

    private static string Explain(YamlException exception)
    {
        var message = exception.Message.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return message.Length == 0 ? "not valid YAML" : $"not valid YAML: {char.ToLowerInvariant(message[0])}{message[1..]}";
    }
}
