using DistMtl.Benchmarks.Contestants;

namespace DistMtl.Benchmarks.Bars;

/// <summary><c>train</c> beside the same model without a cluster, and beside PyTorch's DistributedDataParallel.</summary>
internal sealed class LoopMeasurement(BenchmarkJob job) : RatioMeasurement
{
    private const string Train1 = "train, 1 worker";
    private const string Train2 = "train, 2 workers";
    private const string Loop1 = "bare TorchSharp loop, sparse";
    private const string Loop2 = "two such loops side by side";
    private const string Peer2 = "PyTorch DDP on 2 processes, dense";
    private const string PeerSparse2 = "PyTorch DDP on 2 processes, --sparse";

    protected override IReadOnlyList<Ratio> Ratios { get; } =
    [
        Ratio.OfSpeeds(Train1, Loop1, 0.95),
        Ratio.OfSpeeds(Train2, Loop2, 0.85),
        Ratio.OfSpeeds(Train2, Peer2, 2.3),
        Ratio.OfSpeeds(Train2, PeerSparse2, 2.0),
    ];

    protected override async Task<IReadOnlyList<IContestant>> ContestantsAsync(Conditions conditions)
    {
        var peer = await PeerScript.FindAsync(conditions.Cancellation);
        if (peer.Missing is { } missing)
            conditions.Log($"PyTorch is not measured: {missing}");
        return
        [
            new TrainContestant(Train1, job, workers: 1),
            new BareLoopContestant(Loop1, processes: 1, sparse: true),
            new BareLoopContestant(Loop2, processes: 2, sparse: true),
            new TrainContestant(Train2, job, workers: 2),
            new PeerContestant(Peer2, peer, processes: 2, sparse: false),
            new PeerContestant(PeerSparse2, peer, processes: 2, sparse: true),
        ];
    }
}
