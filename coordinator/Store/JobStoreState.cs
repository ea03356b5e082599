using System.Collections.Immutable;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Store;

/// <summary>A run as the job store knows it.</summary>
/// <param name="Step">Of its last checkpoint; null: it has none.</param>
/// <param name="End">Null: it is waiting, or going on.</param>
/// <param name="Fruitless">Terms in a row that began with it and saw no checkpoint of it.</param>
internal sealed record StoredRun(RunSubmitted Submitted, int? Step, RunFinished? End, int Fruitless = 0);

/// <summary>All that the job store's events come to.</summary>
/// <param name="Term">Of the coordinator at work; 0: there has been none.</param>
/// <param name="Node">Its cluster address.</param>
/// <param name="Runs">In the order in which they were submitted.</param>
internal sealed record JobStoreState(long Term, string Node, ImmutableList<StoredRun> Runs)
{
    public static JobStoreState Empty { get; } = new(0, "", []);

    public StoredRun? Find(string run) => Runs.Find(stored => stored.Submitted.Run == run);

    /// <summary>The state after one more event.</summary>
    public JobStoreState With(object e) => e switch
    {
        TermBegan began => Begin(began),
        RunSubmitted submitted => this with { Runs = Runs.Add(new StoredRun(submitted, null, null)) },
        CheckpointCommitted committed => Change(committed.Run, run => run with { Step = committed.Step, Fruitless = 0 }),
        RunFinished finished => Change(finished.Run, run => run with { End = finished }),
        _ => throw new ArgumentException($"{e.GetType().Name} is no event of the job store", nameof(e)),
    };

    /// <summary>
    /// Whether the state says already what the event would say: an event that is told again because its answer was lost. Not of a
    /// checkpoint: leave to publish one is what the database says now, not what was known before another's term.
    /// </summary>
    public bool Holds(object e) => e switch
    {
        RunSubmitted submitted => Find(submitted.Run) is not null,
        RunFinished finished => Find(finished.Run)?.End is not null,
        _ => false,
    };

    /// <summary>Whoever is at work goes on with the first run that is not over.</summary>
    private JobStoreState Begin(TermBegan began)
    {
        var state = this with { Term = began.Term, Node = began.Node };
        return Runs.Find(run => run.End is null) is { } next ? state.Change(next.Submitted.Run, run => run with { Fruitless = run.Fruitless + 1 }) : state;
    }

    private JobStoreState Change(string run, Func<StoredRun, StoredRun> change) =>
        Find(run) is { } stored ? this with { Runs = Runs.Replace(stored, change(stored)) } : this;
}
