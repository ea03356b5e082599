namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Writes <c>--set key=value</c> into the tree of a job file, before anything is checked.</summary>
internal static class JobOverrides
{
    public static void Apply(YamlMap root, IReadOnlyList<string> overrides, List<JobProblem> problems)
    {
        foreach (var text in overrides)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var keyPath = (equals < 0 ? text : text[..equals]).Trim();
            var place = Place.OfOverride(keyPath);
            if (equals < 0)
                problems.Add(place.Problem("'=' and a value are missing, as in --set training.epochs=5"));
            else if (KeyPath.Split(keyPath) is not { } parts)
                problems.Add(place.Problem("not a key; right are for example data.train, tasks[0].label and tasks.income.label"));
            else if (Value(text[(equals + 1)..].Trim(), place, problems) is { } value)
                Set(root, parts, value, problems);
        }
    }

    /// <summary>YAML where it begins like a list, a map or quoted text; anything else is taken as it stands (*.csv, C:\data).</summary>
    private static YamlNode? Value(string text, Place place, List<JobProblem> problems) =>
        text.Length > 0 && text[0] is '[' or '{' or '"' or '\''
            ? YamlTree.Read(text, _ => place, problems)
            : new YamlScalar(place, text, isPlain: true);

    private static void Set(YamlMap root, IReadOnlyList<string> parts, YamlNode value, List<JobProblem> problems)
    {
        YamlNode node = root;
        for (var next = 0; next < parts.Count;)
        {
            switch (node)
            {
                case YamlMap map when KeyPath.IsIndex(parts[next]):
                    problems.Add(value.Place.Problem($"{Written(parts, next)} is a map, not a list"));
                    return;
                case YamlMap map when next == parts.Count - 1:
                    map.Set(new YamlEntry(parts[next], value.Place, value));
                    return;
                case YamlMap map:
                    node = Child(map, parts[next++], value.Place);
                    break;
                case YamlList list:
                    var before = next;
                    if (KeyPath.ItemOf(list, parts, ref next) is not { } item)
                    {
                        problems.Add(value.Place.Problem(NoItem(list, parts, before)));
                        return;
                    }
                    if (next == parts.Count)
                    {
                        list.Items[list.Items.IndexOf(item)] = value;
                        return;
                    }
                    node = item;
                    break;
                default:
                    problems.Add(value.Place.Problem($"{Written(parts, next)} is a single value, so it has no '{parts[next]}'"));
                    return;
            }
        }
    }

    private static YamlNode Child(YamlMap map, string key, Place place)
    {
        if (map.Find(key) is { Value: not YamlScalar { IsEmpty: true } } entry)
            return entry.Value;
        var child = new YamlMap(place);
        map.Set(new YamlEntry(key, place, child));
        return child;
    }

    private static string NoItem(YamlList list, IReadOnlyList<string> parts, int next)
    {
        if (KeyPath.IsIndex(parts[next]))
            return $"there is no item {parts[next]}; {Written(parts, next)} has {list.Items.Count}, counted from 0";
        var names = list.Items.Select(KeyPath.NameOf).OfType<string>().ToList();
        return $"there is no '{parts[next]}' in {Written(parts, next)}{NearestName.Hint(parts[next], names)}";
    }

    /// <summary>The first parts as the user wrote them.</summary>
    private static string Written(IReadOnlyList<string> parts, int count) =>
        count == 0 ? "the job file" : $"'{string.Join('.', parts.Take(count)).Replace(".[", "[", StringComparison.Ordinal)}'";
}
