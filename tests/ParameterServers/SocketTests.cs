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
        WorkerLinks[] links = [.. await Task.WhenAll(s_workers.Select((_, index) => WorkerLinks.ConnectAsync($"worker-{index}", servers)))];
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

    /// <summary>A worker's connections, one to each server.</summary>
    private sealed class WorkerLinks : IServerLinks, IAsyncDisposable
    {
        private readonly List<TensorConnection> _connections = [];

        public static async Task<WorkerLinks> ConnectAsync(string worker, IEnumerable<SocketServer> servers)
        {
            var links = new WorkerLinks();
            foreach (var server in servers)
            {
                var connection = await TensorConnection.ConnectAsync("127.0.0.1", server.Port, TransportSettings.Default, TestContext.Current.CancellationToken);
                await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, "servers", worker), default, TestContext.Current.CancellationToken);
                links._connections.Add(connection);
            }
            return links;
        }

        public Task SendAsync<T>(int server, FrameKind kind, T header, byte[] payload) =>
            _connections[server].SendAsync(kind, header, payload, TestContext.Current.CancellationToken);

        public void Receive(SomeWorker worker)
        {
            foreach (var connection in _connections)
                _ = ReceiveAsync(connection, worker);
        }

        public async Task EndAsync()
        {
            foreach (var connection in _connections)
                await connection.SendAsync(FrameKind.Failed, new FailedHeader("done", 0), default, TestContext.Current.CancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var connection in _connections)
                await connection.DisposeAsync();
        }

        private static async Task ReceiveAsync(TensorConnection connection, SomeWorker worker)
        {
            try
            {
                while (await connection.ReceiveAsync(TestContext.Current.CancellationToken) is { } frame)
                    await worker.Inbox.Writer.WriteAsync(frame);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The run is over; one that breaks before its end lacks frames then.
                worker.Inbox.Writer.TryComplete(e);
            }
        }
    }
}
