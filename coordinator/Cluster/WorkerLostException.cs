using DistMtl.Protocol;

namespace DistMtl.Coordinator.Cluster;

/// <summary>A worker is gone: its process, its connection or its membership. The job can go on without it.</summary>
/// <param name="worker">Its name, HOST:PORT.</param>
/// <param name="what">Became of it; follows the name.</param>
internal sealed class WorkerLostException(string worker, string what, Exception? inner = null)
    : JobException($"worker {worker} {what}", ExitCode.ClusterLost, inner)
{
    public string Worker => worker;

    /// <summary>What a worker says of its own failure: one that is the job's fault ends the job, any other is the worker's, which is done without.</summary>
    public static JobException Of(string worker, string error, ExitCode exitCode) => exitCode == ExitCode.Failure
        ? new WorkerLostException(worker, $"failed: {error}")
        : new JobException($"worker {worker}: {error}", exitCode);
}
