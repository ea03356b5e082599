namespace DistMtl.Data.Parsing;

/// <summary>The ids of one embedding table: of a vocabulary, or of hash buckets.</summary>
internal sealed class IdTable
{
    private readonly int _buckets;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _ids;

    public IdTable(FittedFeature feature)
    {
        if (feature.Vocabulary is { } vocabulary)
            _ids = Index(vocabulary, firstId: 1).GetAlternateLookup<ReadOnlySpan<char>>();
        else
            _buckets = feature.TableRows - 1;
    }

    /// <summary>0 for a value that the training rows do not have.</summary>
    public int this[ReadOnlySpan<char> value]
    {
        get
        {
            if (_ids is not { } ids)
                return RowPlacement.Bucket(value, _buckets);
            return ids.TryGetValue(value, out var id) ? id : 0;
        }
    }

    public static Dictionary<string, int> Index(IReadOnlyList<string> values, int firstId)
    {
        var ids = new Dictionary<string, int>(values.Count, StringComparer.Ordinal);
        for (var i = 0; i < values.Count; i++)
            ids.Add(values[i], i + firstId);
        return ids;
    }
}
