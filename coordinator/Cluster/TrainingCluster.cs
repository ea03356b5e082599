using DistMtl.Transport;

namespace DistMtl.Coordinator.Cluster;

/// <summary>The node and the workers that a run may use: its own on this machine, or those that joined a service.</summary>
/// <param name="Workers">How many workers the run waits for.</param>
/// <param name="Local">The worker processes of this run; null: they belong to someone else.</param>
/// <param name="OwnsNode">Whether the node ends with the run; a service's goes on.</param>
internal sealed record TrainingCluster(ClusterNode Node, int Workers, LocalWorkers? Local, bool OwnsNode) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _lost = [];
    private HashSet<string>? _present;
    private bool _hasFormed;
    private long _refused;

    /// <summary>Messages of lost workers that came when the job had gone on without them, and had no effect.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Whether any worker has been lost, or has left.</summary>
    public bool HasLost { get; private set; }

    /// <summary>One more has come.</summary>
    public void Refuse() => Interlocked.Increment(ref _refused);

    /// <summary>Workers that are gone or going, by name, as long as the cluster may still speak of them.</summary>
    public IReadOnlyCollection<string> Lost
    {
        get
        {
            lock (_gate)
                return [.. _lost];
        }
    }

    /// <summary>How many workers a run waits for when it forms up: at first <see cref="Workers"/>, then those of the last generation, less who went and with who came.</summary>
    public int WorkersLeft
    {
        get
        {
            lock (_gate)
                return Math.Min(_present?.Count ?? Workers, Local?.Alive ?? int.MaxValue);
        }
    }

    /// <summary>Whether a generation of this run has had all its workers.</summary>
    public bool HasFormed
    {
        get
        {
            lock (_gate)
                return _hasFormed;
        }
    }

    /// <summary>These are the workers of a generation.</summary>
    public void Form(IEnumerable<string> workers)
    {
        lock (_gate)
            (_present, _hasFormed) = ([.. workers.Except(_lost)], true);
    }

    /// <summary>One is gone, or about to go.</summary>
    public void Lose(string worker)
    {
        lock (_gate)
        {
            HasLost = true;
            _lost.Add(worker);
            _present?.Remove(worker);
        }
    }

    /// <summary>The cluster has forgotten one that was lost: who has its name from now on is another.</summary>
    public void Forget(string worker)
    {
        lock (_gate)
            _lost.Remove(worker);
    }

    /// <summary>One has come that the next generation can count on.</summary>
    public void Join(string worker)
    {
        lock (_gate)
            _present?.Add(worker);
    }

    /// <summary>A cluster on this machine, over loopback: this process and <paramref name="workers"/> worker processes.</summary>
    public static async Task<TrainingCluster> StartLocalAsync(int workers, TlsSettings? tls, CancellationToken cancellation)
    {
        var node = await ClusterNode.StartAsync(NodeAddress.Loopback with { Tls = tls }, cancellation);
        try
        {
            return new TrainingCluster(node, workers, LocalWorkers.Start(workers, node.JoinAddress, tls), OwnsNode: true);
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>This process as a node that <paramref name="workers"/> workers from elsewhere are expected to join.</summary>
    public static async Task<TrainingCluster> StartOpenAsync(NodeAddress address, int workers, CancellationToken cancellation) =>
        new(await ClusterNode.StartAsync(address, cancellation), workers, Local: null, OwnsNode: true);

    /// <summary>As many workers as a job gets on this machine unless told otherwise: one per core, at most one per shard.</summary>
    public static int DefaultWorkers(int shards) => Math.Min(Environment.ProcessorCount, shards);

    /// <summary>Ends a cluster, also one that was still starting when its run failed.</summary>
    public static async Task EndAsync(Task<TrainingCluster> starting)
    {
        await ((Task)starting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (starting.IsCompletedSuccessfully)
            await starting.Result.DisposeAsync();
    }

    /// <summary>Ends what the run started itself; workers first, so that they do not mourn their coordinator.</summary>
    public async ValueTask DisposeAsync()
    {
        if (OwnsNode)
            Node.ExpectTheEnd();
        if (Local is not null)
            await Local.DisposeAsync();
        if (OwnsNode)
            await Node.DisposeAsync();
    }
}
