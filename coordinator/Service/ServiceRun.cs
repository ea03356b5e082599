using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Service;

internal enum ServiceRunState
{
    Queued,
    Running,
    Ended,
}

/// <summary>One submitted job, from the queue to its end.</summary>
/// <param name="Workers">How many workers it waits for; null: those that are there when its turn comes.</param>
internal sealed record ServiceRun(string Id, JobFile Job, RunDirectory Directory, int? Workers)
{
    /// <summary>For people: what the plain display shows.</summary>
    public LineLog Text { get; } = new();

    /// <summary>For programs: an event a line, as JSON.</summary>
    public LineLog Events { get; } = new();

    public ServiceRunState State { get; set; }

    /// <summary>Null until it has ended.</summary>
    public ExitCode? ExitCode { get; set; }

    public string? Error { get; set; }
}

/// <summary>What a client sends.</summary>
/// <param name="Name">What messages call the job file.</param>
/// <param name="Job">Its text.</param>
/// <param name="Set">Overrides, <c>key=value</c>.</param>
internal sealed record Submission(string Name, string Job, IReadOnlyList<string> Set, int? Workers);

/// <summary>What a client is told of a run.</summary>
internal sealed record RunView(string Id, string Name, string State, string Directory, int? ExitCode, string? Error)
{
    public static RunView Of(ServiceRun run) => new(
        run.Id, run.Job.Name, JsonText.LowerCamel(run.State), run.Directory.Root, (int?)run.ExitCode, run.Error);
}

/// <summary>Why a submission was refused, one problem a line.</summary>
internal sealed record Refusal(IReadOnlyList<string> Problems);
