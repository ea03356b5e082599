namespace DistMtl.Protocol.Faults;

/// <summary>Where in a step a fault can be.</summary>
public enum FaultPhase
{
    /// <summary>Worker: the call to work is there, nothing is computed. Coordinator: the call has not been sent.</summary>
    Before,

    /// <summary>Worker: after the gradient of the first of its subtrees.</summary>
    Computing,

    /// <summary>Worker: some of its gradients are sent.</summary>
    Sending,

    /// <summary>Worker: all that it owes the step is sent.</summary>
    Sent,

    /// <summary>Coordinator: all gradients are there, the parameters are as before.</summary>
    Weighing,

    /// <summary>Worker: it has the step's new parameters. Coordinator: the update is made.</summary>
    Committed,

    /// <summary>Coordinator: while a checkpoint is written, before it gets its name.</summary>
    Checkpoint,

    /// <summary>Coordinator: a checkpoint is written, and has not been told of.</summary>
    Checkpointed,
}
