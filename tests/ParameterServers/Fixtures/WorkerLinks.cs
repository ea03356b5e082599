using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>A worker's connections, one to each server.</summary>
internal sealed class WorkerLinks : IServerLinks, IAsyncDisposable
{
    private readonly List<TensorConnection> _connections = [];

    /// <param name="ports">Of the servers.</param>
    public static async Task<WorkerLinks> ConnectAsync(string worker, IEnumerable<int> ports, TransportSettings settings)
    {
        var links = new WorkerLinks();
        try
        {
            foreach (var port in ports)
            {
                var connection = await TensorConnection.ConnectAsync("127.0.0.1", port, settings, TestContext.Current.CancellationToken);
                links._connections.Add(connection);
                await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, "servers", worker), default, TestContext.Current.CancellationToken);
            }
            return links;
        }
        catch
        {
            await links.DisposeAsync();
            throw;
        }
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

    /// <summary>One that breaks before the run's end ends the run: the worker lacks frames then.</summary>
    private static async Task ReceiveAsync(TensorConnection connection, SomeWorker worker)
    {
        try
        {
            while (await connection.ReceiveAsync(TestContext.Current.CancellationToken) is { } frame)
                await worker.Inbox.Writer.WriteAsync(frame);
            worker.Inbox.Writer.TryComplete(new IOException("a server has closed its connection"));
        }
        catch (Exception e) when (e is IOException or TimeoutException or ObjectDisposedException or System.Threading.Channels.ChannelClosedException)
        {
            worker.Inbox.Writer.TryComplete(e);
        }
    }
}
