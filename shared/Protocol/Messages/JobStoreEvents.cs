using MessagePack;

namespace DistMtl.Protocol.Messages;

/// <summary>The job store: a coordinator has begun to work. Whoever was at work before may commit nothing from then on.</summary>
/// <param name="Term">1 for the first; each is one more than the last.</param>
/// <param name="Node">The coordinator's cluster address, HOST:PORT.</param>
[MessagePackObject]
public sealed record TermBegan(
    [property: Key(0)] long Term,
    [property: Key(1)] string Node) : IClusterMessage;

/// <summary>The job store: a job was accepted.</summary>
/// <param name="Run">Its id: the name of its folder below the runs' folder.</param>
/// <param name="Name">What messages call the job file.</param>
/// <param name="Job">The file's text.</param>
/// <param name="Set">Overrides, <c>key=value</c>.</param>
/// <param name="Workers">How many it waits for; null: those that are there when its turn comes.</param>
/// <param name="Submission">The client's own id of it, by which it can ask again whether the job was accepted; null: it has none.</param>
[MessagePackObject]
public sealed record RunSubmitted(
    [property: Key(0)] string Run,
    [property: Key(1)] string Name,
    [property: Key(2)] string Job,
    [property: Key(3)] string[] Set,
    [property: Key(4)] int? Workers,
    [property: Key(5)] string? Submission = null) : IClusterMessage;

/// <summary>The job store: a run's checkpoint of a step may be published.</summary>
[MessagePackObject]
public sealed record CheckpointCommitted(
    [property: Key(0)] string Run,
    [property: Key(1)] int Step,
    [property: Key(2)] long Term) : IClusterMessage;

/// <summary>The job store: a run is over.</summary>
/// <param name="ExitCode">An <see cref="Protocol.ExitCode"/>.</param>
/// <param name="Error">Complete text for the user; null: there is none.</param>
[MessagePackObject]
public sealed record RunFinished(
    [property: Key(0)] string Run,
    [property: Key(1)] int ExitCode,
    [property: Key(2)] string? Error,
    [property: Key(3)] long Term) : IClusterMessage;

/// <summary>Between coordinators: which of you is at work, and where does it listen for jobs?</summary>
[MessagePackObject]
public sealed record AskService : IClusterMessage;

/// <summary>The answer.</summary>
/// <param name="Http">Where jobs are submitted, such as http://10.0.0.5:8080.</param>
[MessagePackObject]
public sealed record ServiceAt([property: Key(0)] string Http) : IClusterMessage;
