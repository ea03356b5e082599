namespace DistMtl.Coordinator.Cluster;

/// <summary>The node and the workers that a run may use: its own on this machine, or those that joined a service.</summary>
/// <param name="Workers">How many workers the run waits for.</param>
/// <param name="Local">The worker processes of this run; null: they belong to someone else.</param>
internal sealed record TrainingCluster(ClusterNode Node, int Workers, LocalWorkers? Local) : IAsyncDisposable
{
    /// <summary>A cluster on this machine, over loopback: this process and <paramref name="workers"/> worker processes.</summary>
    public static async Task<TrainingCluster> StartLocalAsync(int workers, CancellationToken cancellation)
    {
        var node = await ClusterNode.StartAsync("127.0.0.1", port: 0, tensorPort: 0, cancellation);
        try
        {
            return new TrainingCluster(node, workers, LocalWorkers.Start(workers, node.JoinAddress));
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>As many workers as a job gets on this machine unless told otherwise: one per core, at most one per shard.</summary>
    public static int DefaultWorkers(int shards) => Math.Min(Environment.ProcessorCount, shards);

    /// <summary>Ends what the run started itself; workers first, so that they do not mourn their coordinator.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Local is null)
            return;
        await Local.DisposeAsync();
        await Node.DisposeAsync();
    }
}
