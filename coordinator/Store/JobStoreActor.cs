using Akka.Actor;
using Akka.Persistence;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Store;

/// <summary>
/// The job store's one writer: the cluster's singleton among its coordinators. Its events have one numbering in the database,
/// where a number is taken once: of two coordinators that both believe to be at work, one writes the next event, and the other one
/// fails, reads on, finds the other's term, and is at work no more.
/// </summary>
internal sealed class JobStoreActor : ReceivePersistentActor
{
    /// <summary>Of its events in the database.</summary>
    public const string Id = "jobs";

    private readonly JobStore _store;
    private JobStoreState _state = JobStoreState.Empty;

    public JobStoreActor(JobStore store)
    {
        _store = store;
        RecoverAny(Recover);
        Command<Write>(Take);
        Command<AskService>(_ => Sender.Tell(new ServiceAt(_store.Http)));
    }

    public override string PersistenceId => Id;

    protected override void PreStart()
    {
        _store.Begin();
        base.PreStart();
    }

    protected override void PostStop() => _store.Leave(Self);

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => _store.Fail(cause);

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => _store.Fail(cause);

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => _store.Fail(reason);

    private void Recover(object e)
    {
        if (e is RecoveryCompleted)
            Begin();
        else if (e is not SnapshotOffer)
            _state = _state.With(e);
    }

    /// <summary>The first time a term begins. Later, when a write has failed, the term goes on if no other has begun.</summary>
    private void Begin()
    {
        if (_store.Term is { } own)
            Enter(own);
        else
        {
            _store.Predecessor = _state.Node is { Length: > 0 } node && node != _store.Node ? node : null;
            Persist(new TermBegan(_state.Term + 1, _store.Node), began => { Change(began); Enter(began.Term); });
        }
    }

    private void Enter(long term)
    {
        if (_state.Term == term)
            _store.Enter(term, _state, Self);
        else
            _store.End(_state);
    }

    private void Take(Write write)
    {
        if (_state.Holds(write.Event))
            Sender.Tell(Akka.Done.Instance);
        else
            Persist(write.Event, e => { Change(e); Sender.Tell(Akka.Done.Instance); });
    }

    private void Change(object e) => _state = _state.With(e);

    /// <summary>Answered by Done when it is on disk. Without an answer it may be there or not; it can be told again.</summary>
    public sealed record Write(object Event);
}
