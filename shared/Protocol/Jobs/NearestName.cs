using System.Text;

namespace DistMtl.Protocol.Jobs;

/// <summary>Finds what a user most likely meant by a name that does not exist.</summary>
public static class NearestName
{
    /// <summary>The end of an error message: <c>; did you mean 'experts'?</c>, or the known names where none is near.</summary>
    public static string Hint(string name, IReadOnlyCollection<string> known) => Find(name, known) switch
    {
        { } nearest => $"; did you mean '{nearest}'?",
        null when known.Count == 0 => "",
        null => $"; known: {string.Join(", ", known)}",
    };

    /// <summary>
    /// The known name that differs least, or null where more than a third of the letters (at least one, at most three)
    /// would have to change. Case, '_' and '-' count for nothing, so that batch_size finds batchSize.
    /// </summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        var wanted = Fold(name);
        return known
            .Select(candidate => (Name: candidate, Folded: Fold(candidate)))
            .Select(candidate => (candidate.Name, candidate.Folded.Length, Distance: Distance(wanted, candidate.Folded)))
            .Where(candidate => candidate.Distance <= Math.Clamp(Math.Max(wanted.Length, candidate.Length) / 3, 1, 3)
                && candidate.Distance < candidate.Length)
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => Math.Abs(candidate.Length - wanted.Length))
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    /// <summary>
    /// Insertions, deletions, replacements and swaps of neighbours between two words (Damerau 1964, Levenshtein 1966;
    /// the restricted form, in which no letter is touched twice).
    /// </summary>
    internal static int Distance(string from, string to)
    {
        var cost = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
            cost[i, 0] = i;
        for (var j = 0; j <= to.Length; j++)
            cost[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, 1 + Math.Min(cost[i - 1, j], cost[i, j - 1]));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }
        return cost[from.Length, to.Length];
    }

    private static string Fold(string name)
    {
        var folded = new StringBuilder(name.Length);
        foreach (var letter in name)
        {
            if (letter is not ('_' or '-'))
                folded.Append(char.ToLowerInvariant(letter));
        }
        return folded.ToString();
    }
}
