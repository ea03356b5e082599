using System.Threading.Channels;
using DistMtl.Coordinator.Cluster;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// What data shards keep from step to step on the workers that hold them: what compression has left out, the moments of local
/// steps. It is fetched for a checkpoint and given back when a run goes on from one, whichever workers hold the shards then.
/// </summary>
internal sealed class ShardStates
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private readonly WorkerFleet _fleet;
    private readonly Channel<string> _ended = Channel.CreateUnbounded<string>();
    private readonly Lock _gate = new();
    private Dictionary<string, float[]> _vectors = [];

    public ShardStates(WorkerFleet fleet)
    {
        _fleet = fleet;
        fleet.Route([FrameKind.ShardState, FrameKind.ShardStateEnd], (worker, frame, _) =>
        {
            Take(worker, frame);
            return Task.CompletedTask;
        });
    }

    /// <summary>Whether the shards of a job keep anything.</summary>
    public static bool Has(JobFile job) => job.Training.LocalSteps > 1 || job.Training.Compression.HasState;

    /// <returns>By "shard-i/vector".</returns>
    public async Task<IReadOnlyDictionary<string, float[]>> FetchAsync(CancellationToken cancellation)
    {
        lock (_gate)
            _vectors = [];
        await _fleet.SendAsync(FrameKind.FetchShards, new ServerOrderHeader(_fleet.Placement.Generation, 0, 0), default, cancellation);
        var waiting = _fleet.All.ToHashSet();
        using var wait = _fleet.Wait("what the data shards keep", Deadline, () => []);
        while (waiting.Count > 0)
        {
            try
            {
                waiting.Remove(await _fleet.UnlessLostAsync(_ended.Reader.ReadAsync(cancellation).AsTask()).WaitAsync(Deadline, cancellation));
            }
            catch (TimeoutException)
            {
                throw new JobException($"worker {string.Join(", ", waiting)} did not send what its shards keep within {Deadline.TotalSeconds:0} s", ExitCode.ClusterLost);
            }
        }
        lock (_gate)
            return _vectors;
    }

    /// <param name="vectors">As of <see cref="FetchAsync"/>.</param>
    /// <param name="step">That comes next.</param>
    public async Task RestoreAsync(IReadOnlyDictionary<string, float[]> vectors, int step, CancellationToken cancellation)
    {
        foreach (var worker in _fleet.Placement.Workers)
        {
            foreach (var shard in worker.Shards)
            {
                var prefix = Prefix(shard);
                foreach (var (name, values) in vectors.Where(vector => vector.Key.StartsWith(prefix, StringComparison.Ordinal)))
                {
                    using var payload = TensorBuffer.Borrow(values, values.Length);
                    await _fleet.SendAsync(
                        worker.Worker, FrameKind.ShardState, new ShardStateHeader(_fleet.Placement.Generation, shard, name[prefix.Length..]), payload.Bytes, cancellation);
                }
            }
            await _fleet.SendAsync(worker.Worker, FrameKind.ShardStateEnd, new ShardStateEndHeader(_fleet.Placement.Generation, step), default, cancellation);
        }
    }

    private static string Prefix(int shard) => FormattableString.Invariant($"shard-{shard}/");

    private void Take(string worker, Frame frame)
    {
        if (frame.Kind == FrameKind.ShardStateEnd)
        {
            _ended.Writer.TryWrite(worker);
            return;
        }
        var header = frame.Header<ShardStateHeader>();
        lock (_gate)
            _vectors[Prefix(header.Shard) + header.Vector] = frame.Payload.Numbers.ToArray();
    }
}
