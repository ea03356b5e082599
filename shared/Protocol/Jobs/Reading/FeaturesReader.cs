using System.Text.RegularExpressions;

namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>features:</c>.</summary>
internal static partial class FeaturesReader
{
    private static readonly NumberRange Widths = NumberRange.Between(1, 65_536);

    public static IReadOnlyList<(FeatureSettings Feature, Section Section)> Read(Section job)
    {
        var features = job.RequiredMaps("features").Select(section => (Feature: ReadOne(section), Section: section)).ToList();
        var seen = new HashSet<string>();
        foreach (var (feature, section) in features)
        {
            if (feature.Name.Length > 0 && !seen.Add(feature.Name))
                section.Report("name", $"there are two features with the name '{feature.Name}'");
            if (feature.Embedding is not null)
                CheckSharedTable(feature, section, features);
        }
        return features;
    }

    private static FeatureSettings ReadOne(Section section)
    {
        var name = section.RequiredText("name");
        if (name.Length > 0 && !NamePattern().IsMatch(name))
            section.Report("name", $"the name of a feature may hold letters, digits, '_', '-' and '.', but is '{name}'");
        var kind = section.RequiredChoice<FeatureKind>("kind");
        var shares = kind is FeatureKind.Sequence && section.Has("embedding");
        var embedded = shares
            ? section.Only(false, "belongs to the feature whose embedding is shared here")
            : Of(FeatureKind.Categorical, FeatureKind.Sequence);
        var feature = new FeatureSettings(
            Name: name,
            Kind: kind ?? default,
            Column: section.Text("column") ?? name,
            Dim: embedded.Whole("dim", FeatureSettings.DefaultDim, NumberRange.Between(1, 4096)),
            Buckets: embedded.Whole("buckets", NumberRange.Between(2, 100_000_000)),
            MinCount: embedded.Whole("minCount", FeatureSettings.DefaultMinCount, NumberRange.AtLeast(1)),
            Transform: Of(FeatureKind.Numeric).Choice<NumericTransform>("transform") ?? NumericTransform.None,
            Separator: Of(FeatureKind.Sequence, FeatureKind.Vector).Text("separator") ?? FeatureSettings.DefaultSeparator,
            MaxLength: Of(FeatureKind.Sequence).Whole("maxLength", FeatureSettings.DefaultMaxLength, NumberRange.Between(1, 10_000)),
            Embedding: Of(FeatureKind.Sequence).Text("embedding"),
            Encoder: ReadEncoder(Of(FeatureKind.Sequence)),
            Width: Of(FeatureKind.Vector).Whole("width", 0, Widths));
        if (kind is FeatureKind.Vector)
            section.Require("width");
        if (feature.Buckets is not null && section.Has("minCount"))
            section.Report("minCount", "minCount shapes a vocabulary, but with buckets the values are hashed; leave one of the two out");
        if (feature.Separator.Length == 0)
            section.Report("separator", "separator must have at least one character");
        section.RefuseUnknownKeys();
        return feature;

        Section Of(params FeatureKind[] kinds) => section.Only(
            kind is null || kinds.Contains(kind.Value),
            $"belongs to kind {string.Join(" and ", kinds.Select(EnumWords.Of))}, but this feature's kind is {EnumWords.Of(kind ?? default)}");
    }

    private static EncoderKind ReadEncoder(Section section)
    {
        if (section.HasText("encoder"))
            return section.Choice<EncoderKind>("encoder") ?? default;
        if (section.Map("encoder") is not { } map)
            return default;
        var kind = map.RequiredChoice<EncoderKind>("kind") ?? default;
        map.RefuseUnknownKeys();
        return kind;
    }

    private static void CheckSharedTable(
        FeatureSettings feature, Section section, IReadOnlyList<(FeatureSettings Feature, Section Section)> features)
    {
        var tables = features.Where(other => other.Feature.Kind == FeatureKind.Categorical).Select(other => other.Feature.Name).ToList();
        if (tables.Contains(feature.Embedding!))
            return;
        section.Report("embedding", features.Any(other => other.Feature.Name == feature.Embedding)
            ? $"embedding must name a categorical feature, but the kind of '{feature.Embedding}' is another"
            : $"there is no feature '{feature.Embedding}' whose embedding could be shared{NearestName.Hint(feature.Embedding!, tables)}");
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.\-]+\z")]
    private static partial Regex NamePattern();
}
