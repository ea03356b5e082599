using DistMtl.Benchmarks.Planes;

namespace DistMtl.Benchmarks.Bars;

/// <summary>The tensor plane beside a bare socket: see <see cref="PlaneBenchmark"/>.</summary>
internal sealed class PlaneMeasurement : IMeasurement
{
    private const int Rounds = 5;

    public IReadOnlyList<Bar> Bars { get; } =
    [
        new("tensor plane on loopback / plain socket copy, 16 MiB", BarSide.AtLeast, PlaneBenchmark.PlainBar),
        new("tensor plane with mutual TLS / plain socket copy, 16 MiB", BarSide.AtLeast, PlaneBenchmark.TlsBar),
        new("Akka ping while the tensor plane is busy, 99th percentile, ms", BarSide.Below, PlaneBenchmark.PingBar),
    ];

    public bool IsLong => false;

    public async Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        var results = await PlaneBenchmark.RunAsync(Rounds, conditions.Log, conditions.Cancellation);
        return Bars.Zip(results).ToDictionary(pair => pair.First, pair => (double?)pair.Second.Value);
    }
}
