using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

public sealed class SocketTests
{
    private static readonly int[][] s_workers = [[0, 1, 2], [3, 4]];

    [Fact]
    public async Task Servers_behind_sockets_end_in_the_bits_of_servers_in_memory()
    {
        var @case = new ServerCase(perTask: true);
        var expected = await new ServerSet(@case, 1, [0, 1, 2, 3, 4]).RunAsync(order: 1);

        var shape = @case.Shape(3);
        SocketServer[] servers = [.. Enumerable.Range(0, shape.Servers).Select(index => new SocketServer(@case, shape, index))];
        var accepting = servers.Select(server => server.AcceptAsync(s_workers.Length)).ToList();
        WorkerLinks[] links = [.. await Task.WhenAll(s_workers.Select((_, index) => WorkerLinks.ConnectAsync($"worker-{index}", servers.Select(server => server.Port), TransportSettings.Default)))];
        await Task.WhenAll(accepting).WaitAsync(TimeSpan.FromSeconds(60));
        SomeWorker[] workers = [.. s_workers.Select((shards, index) => new SomeWorker(@case, shape, $"worker-{index}", shards, links[index]))];
        foreach (var (worker, link) in workers.Zip(links))
            link.Receive(worker);

        var outcome = await SmallRun.RunAsync(@case, [.. servers.Select(server => server.Server)], workers, order: 2);

        Outcome.AssertSameBits(expected, outcome);
        Assert.All(servers, server => Assert.Equal(0, server.Server.LateFrames));
        foreach (var link in links)
            await link.EndAsync();
        foreach (var server in servers)
        {
            await server.EndAsync();
            await server.DisposeAsync();
        }
        foreach (var link in links)
            await link.DisposeAsync();
    }
}
