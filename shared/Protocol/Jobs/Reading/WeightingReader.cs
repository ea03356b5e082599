namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>weighting:</c>, whose options stand beside the strategy and differ from one to the next.</summary>
internal static class WeightingReader
{
    public static WeightingSettings Read(Section section, IReadOnlyCollection<string> tasks)
    {
        var descriptions = section.Scope.Weightings;
        var strategy = section.Has("strategy")
            ? section.Choice("strategy", [.. descriptions.Select(description => description.Name)])
            : WeightingSettings.DefaultStrategy;
        var scale = section.Choice<WeightingScale>("scale") ?? WeightingScale.Tasks;
        var scope = section.Choice<WeightingScope>("scope") ?? WeightingScope.All;
        // Without the strategy its options are not known, and to call them all unknown would be noise.
        if (descriptions.FirstOrDefault(description => description.Name == strategy) is not { } chosen)
            return new WeightingSettings(strategy ?? "", scale, new Dictionary<string, double>(), new Dictionary<string, double>()) { Scope = scope };
        var weighting = new WeightingSettings(
            chosen.Name,
            scale,
            chosen.Options.ToDictionary(option => option.Key, option => section.Number(option.Key, option.Value, NumberRange.Any)),
            ReadWeights(section.Only(chosen.TakesWeights, Refusal("weights", chosen, descriptions)), tasks))
        {
            Scope = scope,
            Words = ReadWords(section, chosen, tasks),
            Minimum = chosen.TakesMinimum ? ReadMinimum(section, tasks) : new Dictionary<string, double>(),
        };
        foreach (var option in descriptions.SelectMany(description => description.Keys).Except(chosen.Keys).Distinct())
            section.Only(false, Refusal(option, chosen, descriptions)).Number(option, NumberRange.Any);
        section.RefuseUnknownKeys();
        return weighting;
    }

    private static Dictionary<string, double> ReadWeights(Section section, IReadOnlyCollection<string> tasks)
    {
        if (section.RequiredMap("weights") is not { } map)
            return [];
        var weights = map.Numbers(NumberRange.AtLeast(0));
        foreach (var (task, place, _) in weights.Where(weight => !tasks.Contains(weight.Key)))
            map.Report(place, $"there is no task '{task}'{NearestName.Hint(task, tasks)}");
        foreach (var task in tasks.Where(task => !map.Has(task)))
            map.Report(map.Place, $"the weight of task '{task}' is missing in {map.Path}");
        if (weights.Count > 0 && weights.All(weight => weight.Value == 0))
            map.Report(map.Place, "at least one weight must be above 0");
        return weights.ToDictionary(weight => weight.Key, weight => weight.Value);
    }

    private static Dictionary<string, string> ReadWords(Section section, WeightingDescription chosen, IReadOnlyCollection<string> tasks)
    {
        var words = chosen.Words.ToDictionary(option => option.Key, option => section.Choice(option.Key, option.Value) ?? option.Value[0]);
        foreach (var key in chosen.TaskWords)
            words.Add(key, section.Choice(key, [.. tasks]) ?? tasks.FirstOrDefault() ?? "");
        return words;
    }

    private static Dictionary<string, double> ReadMinimum(Section section, IReadOnlyCollection<string> tasks)
    {
        if (section.Map("minimum") is not { } map)
            return [];
        var minimum = map.Numbers(NumberRange.BelowOne);
        foreach (var (task, place, _) in minimum.Where(weight => !tasks.Contains(weight.Key)))
            map.Report(place, $"there is no task '{task}'{NearestName.Hint(task, tasks)}");
        if (minimum.Sum(weight => weight.Value) >= 1)
            map.Report(map.Place, "the least weights must sum to less than 1, for all weights sum to 1");
        return minimum.ToDictionary(weight => weight.Key, weight => weight.Value);
    }

    private static string Refusal(string key, WeightingDescription chosen, IReadOnlyList<WeightingDescription> descriptions)
    {
        var owners = descriptions
            .Where(description => key == "weights" ? description.TakesWeights : description.Keys.Contains(key))
            .Select(description => description.Name);
        return $"belongs to strategy {string.Join(", ", owners)}, but the strategy is {chosen.Name}";
    }
}
