using System.Collections.Concurrent;
using System.Net;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>A parameter server behind a port of its own.</summary>
internal sealed class SocketServer : IWorkerLinks, IAsyncDisposable
{
    private readonly TensorListener _listener;
    private readonly ConcurrentDictionary<string, TensorConnection> _connections = new();
    private readonly List<Task> _receiving = [];

    public SocketServer(ServerCase @case, ServerShape shape, int index, TransportSettings? settings = null)
    {
        Server = new ParameterServer(shape, index, 0, @case.State(), [LaneMembers.All(ServerCase.Shards)], this);
        _listener = TensorListener.Bind(IPAddress.Loopback, 0, settings ?? TransportSettings.Default);
    }

    public ParameterServer Server { get; }

    public int Port => _listener.Port;

    public IReadOnlyList<string> All => [.. _connections.Keys.Order(StringComparer.Ordinal)];

    public async Task AcceptAsync(int workers)
    {
        for (var i = 0; i < workers; i++)
        {
            var (connection, hello) = await _listener.AcceptAsync("servers", reason => throw new IOException(reason), TestContext.Current.CancellationToken);
            Assert.True(_connections.TryAdd(hello.Worker, connection));
            _receiving.Add(ReceiveAsync(hello.Worker, connection));
        }
    }

    public Task SendAsync<T>(string worker, FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        _connections[worker].SendAsync(kind, header, payload, cancellation);

    /// <summary>When all workers have gone, or are lost; throws what went wrong before.</summary>
    public Task EndAsync() => Task.WhenAll(_receiving).WaitAsync(TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var connection in _connections.Values)
            await connection.DisposeAsync();
    }

    private async Task ReceiveAsync(string worker, TensorConnection connection)
    {
        try
        {
            while (await connection.ReceiveAsync(TestContext.Current.CancellationToken) is { } received)
            {
                using var frame = received;
                if (frame.Kind == FrameKind.Failed)
                    return;
                await Server.OnFrameAsync(worker, frame, TestContext.Current.CancellationToken);
            }
        }
        catch
        {
            // What makes no sense is the connection's end, so that the worker does not wait for an answer.
            await connection.DisposeAsync();
            throw;
        }
    }
}
