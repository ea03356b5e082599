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
/// <param name="warn">Told when the database does not answer, and when it does again.</param>
internal sealed class JobStore(string node, string http, JobStoreSettings settings, TimeProvider time, Action<string> warn)
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>A database that is out for no longer is not worth a word.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(3);

    /// <summary>Without a reason: a slow start is none.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource<JobStoreState> _atWork = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<JobException> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private IActorRef? _actor;
    private volatile string? _failure;
    private long? _failingSince;

    public string Node => node;

    public string Http => http;

    /// <summary>Whom this coordinator has taken over from: the one that began the term before; null: it was this one, or there was none.</summary>
    public string? Predecessor { get; set; }

    /// <summary>Null before this coordinator is at work.</summary>
    public long? Term { get; private set; }

    /// <summary>Completes when this coordinator is at work, with what it has to go on with.</summary>
    public Task<JobStoreState> AtWork => _atWork.Task;

    /// <summary>Completes when it is not any more, and must stop what it does: another is, or the database has been down for too long.</summary>
    public Task<JobException> Lost => _lost.Task;

    /// <summary>Why the database has taken no event, and since when; null: it took the last one.</summary>
    public string? Problem => FailingFor is { } failing ? $"has not answered for {failing.TotalSeconds:0} s{(_failure is { } reason ? $": {reason}" : "")}" : null;

    /// <summary>Writes an event, however often that must be tried.</summary>
    /// <exception cref="JobException">The database did not take it before the deadline, or another coordinator is at work.</exception>
    public async Task WriteAsync(object e, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (!await TryWriteAsync(e, cancellation))
        {
            if (time.GetElapsedTime(began) > settings.Deadline)
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

    /// <summary>The actor reads what there is; until it has, and whenever it has to again, the database owes an answer.</summary>
    internal void Begin()
    {
        lock (_gate)
        {
            if (_failingSince is not null)
                return;
            _failingSince = time.GetTimestamp();
        }
        _ = LookAfterAsync();
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
            _failure = cause.Message;
        Begin();
    }

    private async Task LookAfterAsync()
    {
        var isTold = false;
        while (FailingFor is { } failing && !_lost.Task.IsCompleted)
        {
            if (failing > s_soon)
            {
                // The journal keeps its reasons to itself.
                _failure = await settings.ProbeAsync() ?? _failure;
                if (!isTold && (_failure is not null || failing > s_late))
                {
                    warn($"the job store does not answer ({_failure ?? "no reason is known"}); it is waited for for {settings.Deadline.TotalSeconds:0} s");
                    isTold = true;
                }
            }
            if (failing > settings.Deadline)
                End(Unavailable());
            await Task.Delay(s_look, time);
        }
        if (isTold && !_lost.Task.IsCompleted)
            warn("the job store answers again");
    }

    private TimeSpan? FailingFor
    {
        get
        {
            lock (_gate)
                return _failingSince is { } since ? time.GetElapsedTime(since) : null;
        }
    }

    private JobException Unavailable() =>
        new($"the job store did not answer within {settings.Deadline.TotalSeconds:0} s: {_failure ?? "no reason is known"}", ExitCode.StorageFailed);
}
