using DistMtl.Protocol;

namespace DistMtl.Coordinator.Cluster;

/// <summary>Told what becomes of a job's workers. Called on the actor's thread: it must return quickly.</summary>
internal interface IMembership
{
    /// <summary>What the job waits for until it has formed up.</summary>
    void Await(string what);

    /// <summary>A worker is gone.</summary>
    void Lose(WorkerLostException reason);

    /// <summary>A worker can't go on with the job.</summary>
    void GiveUp(JobException reason);

    /// <summary>A worker is about to leave, and serves until the job has formed up without it.</summary>
    void Leave(string worker);

    /// <summary>The cluster speaks of a lost worker no more.</summary>
    void Forget(string worker);

    /// <summary>A worker has come, and shards have room to move to it.</summary>
    void Join(string worker);
}
