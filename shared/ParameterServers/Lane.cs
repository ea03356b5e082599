using System.Collections.Immutable;
using DistMtl.Aggregation;

namespace DistMtl.ParameterServers;

/// <summary>
/// Workers that step together, and the shards they hold. There is one lane of all workers where they wait for each other,
/// and one of each worker where they do not.
/// </summary>
/// <param name="Worker">Null: all workers.</param>
public sealed record LaneMembers(string? Worker, ImmutableHashSet<int> Shards)
{
    public static LaneMembers All(int shards) => new(null, [.. Enumerable.Range(0, shards)]);
}

/// <summary>Where one lane stands on one server. Its owner's lock guards it.</summary>
internal sealed class Lane(LaneMembers members, StepSums sums)
{
    private readonly Dictionary<(string Worker, TreeNode Node), WaitingPull> _pulls = [];

    public LaneMembers Members => members;

    /// <summary>Of the step that is being added up.</summary>
    public StepSums Sums { get; private set; } = sums;

    /// <summary>The version whose rows may be read; nothing is given out before the first Publish.</summary>
    public int RowsVersion { get; set; } = sums.Version - 1;

    /// <summary>Notes a pull, and tells the step which rows its gradients will be of.</summary>
    /// <returns>Whether it must wait for its version.</returns>
    public bool Note(WaitingPull pull)
    {
        if (pull.Version == Sums.Version)
            Sums.Expect(pull.Node, pull.Rows);
        if (pull.Version == RowsVersion)
            return false;
        _pulls[(pull.Worker, pull.Node)] = pull;
        return true;
    }

    /// <summary>From now on gradients of the next version are taken; pulls that were early are its rows.</summary>
    /// <returns>These pulls.</returns>
    public List<WaitingPull> Begin(StepSums sums)
    {
        var due = Take(sums.Version);
        foreach (var pull in due)
            sums.Expect(pull.Node, pull.Rows);
        Sums = sums;
        return due;
    }

    /// <summary>The pulls that wait for a version; they wait no longer.</summary>
    public List<WaitingPull> Take(int version)
    {
        var due = _pulls.Values.Where(pull => pull.Version == version).ToList();
        foreach (var pull in due)
            _pulls.Remove((pull.Worker, pull.Node));
        return due;
    }
}
