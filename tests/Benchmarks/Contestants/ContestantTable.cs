namespace DistMtl.Benchmarks.Contestants;

/// <summary>Everyone, in the order of one round: those that are compared stand side by side.</summary>
internal static class ContestantTable
{
    public const string TrainPcGrad = "train, 1 worker, pcgrad";
    public const string Train1 = "train, 1 worker";
    public const string Train2 = "train, 2 workers";
    public const string Bare1 = "bare loop";
    public const string Bare2 = "two bare loops side by side";
    public const string BareSparse1 = "bare loop, sparse";
    public const string BareSparse2 = "two sparse bare loops side by side";
    public const string Peer1 = "PyTorch, 1 process";
    public const string Peer2 = "PyTorch DDP, 2 processes";
    public const string PeerSparse2 = "PyTorch DDP, 2 processes, sparse";

    public static IReadOnlyList<IContestant> Create(BenchmarkJob job, PeerScript peer) =>
    [
        new TrainContestant(TrainPcGrad, job, workers: 1, strategy: "pcgrad"),
        new TrainContestant(Train1, job, workers: 1, strategy: "equal"),
        new BareLoopContestant(Bare1, processes: 1, sparse: false),
        new BareLoopContestant(BareSparse1, processes: 1, sparse: true),
        new PeerContestant(Peer1, peer, processes: 1, sparse: false),
        new PeerContestant(Peer2, peer, processes: 2, sparse: false),
        new PeerContestant(PeerSparse2, peer, processes: 2, sparse: true),
        new TrainContestant(Train2, job, workers: 2, strategy: "equal"),
        new BareLoopContestant(Bare2, processes: 2, sparse: false),
        new BareLoopContestant(BareSparse2, processes: 2, sparse: true),
    ];
}
