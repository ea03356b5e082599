using DistMtl.Protocol.Jobs.Reading;

namespace DistMtl.Protocol.Jobs;

/// <summary>What came of reading a job file.</summary>
/// <param name="Job">Null exactly where there are problems.</param>
/// <param name="Problems">By position; those of overrides last.</param>
public sealed record JobReading(JobFile? Job, IReadOnlyList<JobProblem> Problems)
{
    internal YamlNode? Root { get; init; }

    internal Place Start { get; init; }

    /// <summary>
    /// A problem that a later check found (a column that the data do not have), at the place of
    /// <paramref name="keyPath"/> (<c>tasks[1].label</c>), or of its nearest parent that the user wrote.
    /// </summary>
    public JobProblem ProblemAt(string keyPath, string message) => PlaceOf(keyPath).Problem(message);

    /// <summary>Line and column of <paramref name="keyPath"/> or its nearest parent that exists; (0, 0) where an override wrote it.</summary>
    public (int Line, int Column) PositionOf(string keyPath)
    {
        var place = PlaceOf(keyPath);
        return (place.Line, place.Column);
    }

    private Place PlaceOf(string keyPath) => Root is null ? Start : KeyPath.Find(Root, keyPath);
}
