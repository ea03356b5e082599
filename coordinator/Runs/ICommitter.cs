namespace DistMtl.Coordinator.Runs;

/// <summary>Asked before a run leaves something for good, so that of two coordinators that believe to be at work one does.</summary>
internal interface ICommitter
{
    /// <summary>False: another coordinator is at work, and nothing may be written any more.</summary>
    bool IsAtWork { get; }

    /// <summary>Asks for leave to publish the checkpoint of a step.</summary>
    /// <exception cref="StorageException">There is no answer; it can be asked again.</exception>
    /// <exception cref="Protocol.JobException">Another coordinator is at work.</exception>
    Task CommitAsync(int step);
}

/// <summary>Of a run in a process of its own, beside which there is none.</summary>
internal sealed class SoleCommitter : ICommitter
{
    public static readonly SoleCommitter Instance = new();

    public bool IsAtWork => true;

    public Task CommitAsync(int step) => Task.CompletedTask;
}
