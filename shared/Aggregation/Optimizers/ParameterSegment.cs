using System.Collections.Immutable;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Optimizers;

/// <summary>A range of the flat parameters that is updated with one learning rate and one decay.</summary>
/// <param name="LearningRate">Before the schedule; 0: the range stays as it is.</param>
public readonly record struct ParameterSegment(int Offset, int Length, double LearningRate, double WeightDecay)
{
    public bool IsFrozen => LearningRate == 0;

    public int End => Offset + Length;

    /// <summary>What of it lies in [start, end), which it must touch.</summary>
    internal ParameterSegment Within(int start, int end)
    {
        var from = Math.Max(Offset, start);
        return this with { Offset = from, Length = Math.Min(End, end) - from };
    }

    /// <summary>
    /// The segments of N parameters from <paramref name="offset"/> on, counted from there: an optimiser over them needs state
    /// for these alone.
    /// </summary>
    public static ImmutableArray<ParameterSegment> OfRange(ImmutableArray<ParameterSegment> segments, int offset, int length) =>
    [
        .. from segment in segments
           where segment.Offset < offset + length && segment.End > offset
           let part = segment.Within(offset, offset + length)
           select part with { Offset = part.Offset - offset },
    ];

    /// <summary>All of P in one range.</summary>
    public static ImmutableArray<ParameterSegment> Whole(OptimizerSettings settings, int length) =>
        [new(0, length, settings.LearningRate, settings.WeightDecay)];

    /// <summary>
    /// The fewest ranges that give every parameter its rate and decay: the first group's that fits its name; where that
    /// says none the parameter's own rate, then that of the task that alone uses it, else the optimiser's. What the model
    /// has frozen stays so, for it has no gradient.
    /// </summary>
    /// <param name="tables">The sparse tables, which are no part of the layout, but whose names a group may fit, too.</param>
    /// <exception cref="JobException">A group has no parameter.</exception>
    public static ImmutableArray<ParameterSegment> Of(
        ParameterLayout layout, OptimizerSettings settings, IReadOnlyList<TaskSettings> tasks, IReadOnlyList<TableEntry>? tables = null)
    {
        Check([.. layout.Entries.Select(entry => entry.Name), .. tables?.Select(table => table.Name) ?? []], settings.Groups);
        var segments = ImmutableArray.CreateBuilder<ParameterSegment>();
        foreach (var entry in layout.Entries)
        {
            var group = settings.Groups.FirstOrDefault(group => group.Fits(entry.Name));
            var ofTask = entry.Task is { } task ? tasks[task].LearningRate : null;
            var segment = new ParameterSegment(
                entry.Offset, entry.Length,
                entry.LearningRate == 0 ? 0 : group?.LearningRate ?? entry.LearningRate ?? ofTask ?? settings.LearningRate,
                group?.WeightDecay ?? settings.WeightDecay);
            if (segments.Count > 0 && segments[^1] is var last && last with { Offset = segment.Offset, Length = segment.Length } == segment)
                segments[^1] = last with { Length = last.Length + segment.Length };
            else
                segments.Add(segment);
        }
        return segments.DrainToImmutable();
    }

    /// <summary>A group that changes nothing is a mistake: a misspelt name, or one that an earlier group has taken.</summary>
    private static void Check(IReadOnlyList<string> names, IReadOnlyList<ParameterGroup> groups)
    {
        for (var i = 0; i < groups.Count; i++)
        {
            var fitting = names.Where(groups[i].Fits).ToList();
            if (fitting.Count == 0)
                throw new JobException($"optimizer.groups[{i}].match: '{groups[i].Match}' fits no parameter of the model{Hint(groups[i].Match, names)}");
            if (fitting.All(name => groups.Take(i).Any(earlier => earlier.Fits(name))))
                throw new JobException($"optimizer.groups[{i}].match: all that '{groups[i].Match}' fits belongs to an earlier group already; put the narrower one first");
        }
    }

    /// <summary>Names, and patterns over all names that begin alike: a model may have hundreds of parameters.</summary>
    private static string Hint(string match, IReadOnlyList<string> names)
    {
        var patterns = names.SelectMany(PrefixesOf).Distinct().ToList();
        return NearestName.Find(match, names.Concat(patterns)) is { } nearest
            ? $"; did you mean '{nearest}'?"
            : $"; known: {string.Join(", ", patterns.Where(pattern => pattern.Count(letter => letter == '.') == 1))}";
    }

    private static IEnumerable<string> PrefixesOf(string name)
    {
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
            yield return $"{name[..dot]}.*";
    }
}
