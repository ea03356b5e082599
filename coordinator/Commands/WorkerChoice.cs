using DistMtl.Coordinator.Cluster;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Commands;

/// <summary>Which workers a run asks for on the command line.</summary>
/// <param name="Local">Processes to start; null: as many as fit this machine.</param>
/// <param name="Remote">Workers that join by themselves; null: local ones.</param>
/// <param name="Address">Where remote workers join; its TLS settings are also the local ones'.</param>
internal sealed record WorkerChoice(int? Local, int? Remote, NodeAddress Address)
{
    /// <exception cref="JobException">More workers than data shards, or fewer than the job's least.</exception>
    public void Check(JobFile job)
    {
        if ((Remote ?? Local) is { } workers && workers > job.Data.Shards)
        {
            throw new JobException(
                $"{workers} workers are asked for, but the job has {job.Data.Shards} data shards (data.shards): a worker without a shard has nothing to do");
        }
        if ((Remote ?? Local) is { } few && few < job.Training.MinWorkers)
            throw new JobException($"{few} workers are asked for, but the job wants at least {job.Training.MinWorkers} (training.minWorkers)");
    }

    public Task<TrainingCluster> StartAsync(JobFile job, CancellationToken cancellation) => Remote is { } remote
        ? TrainingCluster.StartOpenAsync(Address, remote, cancellation)
        : TrainingCluster.StartLocalAsync(Local ?? Math.Max(TrainingCluster.DefaultWorkers(job.Data.Shards), job.Training.MinWorkers), Address.Tls, cancellation);
}
