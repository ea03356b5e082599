using DistMtl.Benchmarks.Servers;

namespace DistMtl.Benchmarks.Bars;

/// <summary>A parameter server's update beside a memory copy: see <see cref="ServerBenchmark"/>.</summary>
internal sealed class ServerMeasurement : IMeasurement
{
    private const int Parameters = 32 << 20;
    private const int Rounds = 5;

    public IReadOnlyList<Bar> Bars { get; } = [.. ServerBenchmark.Updates.Select(what => new Bar($"{what}, bytes per second", BarSide.AtLeast, ServerBenchmark.Bar))];

    public bool IsLong => false;

    public Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        conditions.Log("the parameter server's arithmetic on 33.5 million parameters");
        var values = ServerBenchmark.Run(Parameters, Rounds).ToDictionary(line => line.What, line => line.Value);
        return Task.FromResult<IReadOnlyDictionary<Bar, double?>>(Bars.Zip(ServerBenchmark.Updates).ToDictionary(pair => pair.First, pair => (double?)values[pair.Second]));
    }
}
