using static DistMtl.Benchmarks.Contestants.ContestantTable;

namespace DistMtl.Benchmarks.Reporting;

/// <summary>One line of the result: samples per second of one contestant over another's.</summary>
/// <param name="What">As it is printed.</param>
internal sealed record Ratio(string What, string Numerator, string Denominator)
{
    public static IReadOnlyList<Ratio> All { get; } =
    [
        new("train, 1 worker / bare loop", Train1, Bare1),
        new("train, 1 worker / bare loop, sparse", Train1, BareSparse1),
        new("train, 1 worker / PyTorch, 1 process", Train1, Peer1),
        new("train, 2 workers / two bare loops", Train2, Bare2),
        new("train, 2 workers / two sparse bare loops", Train2, BareSparse2),
        new("train, 2 workers / PyTorch DDP, 2 processes", Train2, Peer2),
        new("train, 2 workers / PyTorch DDP, 2 processes, sparse", Train2, PeerSparse2),
        new("train, 2 workers / train, 1 worker", Train2, Train1),
        new("two bare loops / bare loop", Bare2, Bare1),
        // Time is the inverse of speed: pcgrad's seconds over equal's are equal's samples per second over pcgrad's.
        new("pcgrad / equal, step time, 1 worker", Train1, TrainPcGrad),
    ];
}
