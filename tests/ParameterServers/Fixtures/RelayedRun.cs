using DistMtl.Faults;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>A small run of two workers and two servers, of which one connection leads through a relay.</summary>
/// <param name="place">Which of the connections: 0 to 3.</param>
/// <param name="seals">As the relay's.</param>
internal sealed class RelayedRun(ServerCase @case, int place, FaultPlan plan, bool seals) : IAsyncDisposable
{
    private const int Servers = 2;

    private static readonly int[][] s_workers = [[0, 1, 2], [3, 4]];

    private readonly List<SocketServer> _servers = [];
    private readonly List<WorkerLinks> _links = [];
    private FaultRelay? _relay;

    /// <summary>Whether something has happened that changes more than time.</summary>
    public bool IsDamaged => _relay!.Struck.Any(fault => !fault.IsHarmless);

    /// <summary>Of the worker behind the relay.</summary>
    public IReadOnlyList<int> Shards => s_workers[place / Servers];

    /// <summary>What a run without sockets ends in, and by version and server what it comes through.</summary>
    public static async Task<(Outcome Outcome, IReadOnlyList<float[][]> States)> WithoutFaultsAsync(ServerCase @case)
    {
        var (set, states) = (new ServerSet(@case, Servers, s_workers), new List<float[][]>());
        var outcome = await set.RunAsync(order: 1, (_, _) =>
        {
            states.Add(Now());
            return Task.CompletedTask;
        });
        states.Add(Now());
        return (outcome, states);

        float[][] Now() => [.. set.Servers.Select((server, index) => StateOf(@case, server, index))];
    }

    /// <param name="patience">How long everybody waits for anything.</param>
    public async Task<Outcome> RunAsync(ulong order, TimeSpan patience)
    {
        var (settings, shape) = (new TransportSettings(patience, patience, patience), @case.Shape(Servers));
        _servers.AddRange(Enumerable.Range(0, Servers).Select(index => new SocketServer(@case, shape, index, settings)));
        _relay = new FaultRelay(_servers[place % Servers].Port, plan, seals);
        var accepting = _servers.Select(server => server.AcceptAsync(s_workers.Length)).ToList();
        for (var worker = 0; worker < s_workers.Length; worker++)
        {
            var self = worker;
            var ports = _servers.Select((server, index) => (self, index) == (place / Servers, place % Servers) ? _relay.Port : server.Port);
            _links.Add(await WorkerLinks.ConnectAsync($"worker-{worker}", ports, settings));
        }
        await Task.WhenAll(accepting).WaitAsync(2 * patience);
        SomeWorker[] workers = [.. s_workers.Select((shards, index) => new SomeWorker(@case, shape, $"worker-{index}", shards, _links[index]) { Deadline = patience })];
        foreach (var (worker, link) in workers.Zip(_links))
            link.Receive(worker);
        return await SmallRun.RunAsync(@case, [.. _servers.Select(server => server.Server)], workers, order, deadline: patience);
    }

    /// <summary>Whatever has gone wrong, each server has the parameters and rows of one version, all of them.</summary>
    public void AssertWhole(IReadOnlyList<float[][]> states)
    {
        for (var index = 0; index < _servers.Count; index++)
        {
            var own = SomeWorker.Bytes(StateOf(@case, _servers[index].Server, index));
            Assert.True(states.Any(state => own.AsSpan().SequenceEqual(SomeWorker.Bytes(state[index]))), $"server {index} has parameters or rows of no version");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var links in _links)
            await links.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
        if (_relay is not null)
            await _relay.DisposeAsync();
    }

    /// <summary>A server's parameters and rows.</summary>
    private static float[] StateOf(ServerCase @case, ParameterServer server, int index)
    {
        var (shape, parameters_P) = (@case.Shape(Servers), server.State.Parameters_P);
        var numbers = shape.OwnedBy(index).SelectMany(slice => parameters_P[slice.Offset..slice.End]).ToList();
        foreach (var (table, list) in server.State.Tables.Zip(RowPartition.Split(@case.AllRows, Servers).Parts[index].Lists))
        {
            var values = new float[list.Length * table.Entry.Dim];
            table.Read(list, values);
            numbers.AddRange(values);
        }
        return [.. numbers];
    }
}
