using DistMtl.Protocol;

namespace DistMtl.Coordinator.Cluster;

/// <summary>A worker is gone: its process, its connection or its membership. The job can go on without it.</summary>
/// <param name="worker">Its name, HOST:PORT.</param>
/// <param name="what">Became of it; follows the name.</param>
internal sealed class WorkerLostException(string worker, string what, Exception? inner = null)
    : JobException($"worker {worker} {what}", ExitCode.ClusterLost, inner)
{
    public string Worker => worker;
}
