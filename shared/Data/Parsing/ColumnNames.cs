namespace DistMtl.Data.Parsing;

/// <summary>What is wrong with the name of a column, said so that its user can mend it.</summary>
internal static class ColumnNames
{
    private const int MaxListed = 8;

    /// <summary>Null: the column is there, once.</summary>
    public static string? Problem(string column, IReadOnlyList<string> columns)
    {
        var count = columns.Count(name => name == column);
        if (count == 1)
            return null;
        if (count > 1)
            return $"there are {count} columns named '{column}'";
        return Nearest(column, columns) is { } nearest
            ? $"there is no column '{column}'; did you mean '{nearest}'?"
            : $"there is no column '{column}'; there are {string.Join(", ", columns.Take(MaxListed))}{(columns.Count > MaxListed ? ", ..." : "")}";
    }

    /// <summary>The name with the fewest edits, if they are at most a third of its characters.</summary>
    public static string? Nearest(string name, IEnumerable<string> names) => names
        .Select(candidate => (candidate, edits: Edits(name, candidate)))
        .Where(pair => pair.edits <= Math.Max(1, Math.Max(name.Length, pair.candidate.Length) / 3))
        .OrderBy(pair => pair.edits)
        .Select(pair => pair.candidate)
        .FirstOrDefault();

    /// <summary>Levenshtein's distance without regard to case.</summary>
    private static int Edits(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        var current = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + replace);
            }
            (previous, current) = (current, previous);
        }
        return previous[b.Length];
    }
}
