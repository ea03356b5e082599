using Akka;
using Akka.Actor;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Store;

/// <summary>
/// This coordinator's side of the job store, which is a journal in a database that all coordinators share: what was submitted, what
/// was checkpointed, what is over, and whose term it is. Only who is at work reads or writes it.
/// </summary>
/// <param name="node">This coordinator's cluster address.</param>
/// <param name="http">Where it takes jobs.</param>
/// <param name="deadline">How long a database that is down is waited for.</param>
internal sealed class JobStore(string node, string http, TimeSpan deadline, TimeProvider time)
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource<JobStoreState> _atWork = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<JobException> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private IActorRef? _actor;
    private Exception? _failure;
    private long? _failingSince;

    public string Node => node;

    public string Http => http;

    /// <summary>Null before this coordinator is at work.</summary>
    public long? Term { get; private set; }

    /// <summary>Completes when this coordinator is at work, with what it has to go on with.</summary>
    public Task<JobStoreState> AtWork => _atWork.Task;

    /// <summary>Completes when it is not any more, and must stop what it does: another is, or the database has been down for too long.</summary>
    public Task<JobException> Lost => _lost.Task;

    /// <summary>Writes an event, however often that must be tried.</summary>
    /// <exception cref="JobException">The database did not take it before the deadline, or another coordinator is at work.</exception>
    public async Task WriteAsync(object e, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (!await TryWriteAsync(e, cancellation))
        {
            if (time.GetElapsedTime(began) > deadline)
                throw Unavailable();
            await Task.Delay(Pause, time, cancellation);
        }
    }

    /// <summary>Writes an event, unless the database does not answer.</summary>
    /// <exception cref="JobException">Another coordinator is at work.</exception>
    public async Task<bool> TryWriteAsync(object e, CancellationToken cancellation)
    {
        if (_lost.Task.IsCompleted)
            throw await _lost.Task;
        IActorRef? actor;
        lock (_gate)
            actor = _actor;
        if (actor is null)
            return false;
        var answer = actor.Ask<Done>(new JobStoreActor.Write(e), AnswerDeadline, cancellation);
        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return answer.IsCompletedSuccessfully;
    }

    /// <summary>The actor can write, in this coordinator's term.</summary>
    internal void Enter(long term, JobStoreState state, IActorRef actor)
    {
        lock (_gate)
            (_actor, Term, _failingSince) = (actor, term, null);
        _atWork.TrySetResult(state);
    }

    internal void Leave(IActorRef actor)
    {
        lock (_gate)
        {
            if (actor.Equals(_actor))
                _actor = null;
        }
    }

    /// <summary>Another coordinator's term has begun.</summary>
    internal void End(JobStoreState state) => End(new JobException(
        $"coordinator {state.Node} is at work (term {state.Term} in the job store), and this one ({node}, term {Term}) no more", ExitCode.CutOff));

    /// <summary>This coordinator is out of the cluster.</summary>
    public void End(JobException reason) => _lost.TrySetResult(reason);

    internal void Fail(Exception cause)
    {
        lock (_gate)
        {
            (_failure, _failingSince) = (cause, _failingSince ?? time.GetTimestamp());
            if (time.GetElapsedTime(_failingSince.Value) <= deadline)
                return;
        }
        _lost.TrySetResult(Unavailable());
    }

    private JobException Unavailable() =>
        new($"the job store did not answer within {deadline.TotalSeconds:0} s: {_failure?.Message ?? "no reason is known"}", ExitCode.StorageFailed, _failure);
}
