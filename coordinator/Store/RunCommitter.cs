using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Store;

/// <summary>One run's leave to publish, from the job store: an event in this coordinator's term.</summary>
internal sealed class RunCommitter(JobStore store, string run) : ICommitter
{
    public bool IsAtWork => !store.Lost.IsCompleted;

    public async Task CommitAsync(int step)
    {
        if (!await store.TryWriteAsync(new CheckpointCommitted(run, step, store.Term ?? 0), CancellationToken.None))
            throw new StorageException($"the checkpoint of step {step}", new IOException("the job store does not answer"));
    }
}
