using Akka.Persistence;

namespace DistMtl.Coordinator.Store;

/// <summary>
/// Reads the job store once on a coordinator that may stand by for long: one that cannot read it says so now, not when it has to take
/// over, and what it takes over with is compiled by then, which is most of the time that taking over takes.
/// </summary>
internal sealed class StandbyReader : ReceivePersistentActor
{
    private readonly Action<string> _warn;

    /// <param name="warn">Told why the store cannot be read.</param>
    public StandbyReader(Action<string> warn)
    {
        _warn = warn;
        RecoverAny(e =>
        {
            if (e is RecoveryCompleted)
                Context.Stop(Self);
        });
    }

    public override string PersistenceId => JobStoreActor.Id;

    // The base class stops the actor.
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        _warn($"this coordinator, should it have to take over, cannot read the job store: {reason.Message}");
}
