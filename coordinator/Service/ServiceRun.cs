using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Protocol;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Service;

internal enum ServiceRunState
{
    Queued,
    Running,
    Ended,
}

/// <summary>One submitted job, from the queue to its end.</summary>
internal sealed record ServiceRun(RunSubmitted Submitted, RunDirectory Directory)
{
    public string Id => Submitted.Run;

    public Submission Submission => new(Submitted.Name, Submitted.Job, Submitted.Set, Submitted.Workers, Submitted.Submission);

    /// <summary>For people: what the plain display shows.</summary>
    public LineLog Text { get; } = new();

    /// <summary>For programs: an event a line, as JSON.</summary>
    public LineLog Events { get; } = new();

    public RunMonitor Monitor { get; } = new();

    public ServiceRunState State { get; set; }

    /// <summary>Null until it has ended.</summary>
    public ExitCode? ExitCode { get; private set; }

    public string? Error { get; private set; }

    public ServiceRun Ended(ExitCode exitCode, string? error)
    {
        (ExitCode, Error, State) = (exitCode, error, ServiceRunState.Ended);
        Text.End();
        Events.End();
        return this;
    }
}

/// <summary>What a client sends.</summary>
/// <param name="Name">What messages call the job file.</param>
/// <param name="Job">Its text.</param>
/// <param name="Set">Overrides, <c>key=value</c>.</param>
/// <param name="Workers">How many it waits for; null: those that are there when its turn comes.</param>
/// <param name="Id">The client's own: a job that comes twice with one is one job; null: it has none.</param>
internal sealed record Submission(string Name, string Job, IReadOnlyList<string> Set, int? Workers, string? Id = null);

/// <summary>What a client is told of a run.</summary>
internal sealed record RunView(string Id, string State, string Directory, int? ExitCode, string? Error)
{
    public static RunView Of(ServiceRun run) => new(
        run.Id, JsonText.LowerCamel(run.State), run.Directory.Root, (int?)run.ExitCode, run.Error);
}

/// <summary>Why a submission was refused, one problem a line.</summary>
internal sealed record Refusal(IReadOnlyList<string> Problems);
