using System.Net;
using System.Net.Sockets;

namespace DistMtl.Transport.Tests;

/// <summary>A tensor connection and the bare socket at its other end, over loopback.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private Wire(TensorConnection connection, Socket peer) => (Connection, Peer) = (connection, peer);

    /// <summary>For waits that a test expects to end by themselves.</summary>
    public static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token;

    public TensorConnection Connection { get; }

    public Socket Peer { get; }

    public static async Task<Wire> OpenAsync(TransportSettings? settings = null)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var accepting = listener.AcceptAsync(Soon).AsTask();
        var connection = await TensorConnection.ConnectAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port, settings ?? TransportSettings.Default, Soon);
        return new Wire(connection, await accepting);
    }

    /// <summary>The bytes that a frame is on the wire.</summary>
    public static async Task<byte[]> BytesOfAsync<T>(FrameKind kind, T header, byte[] payload)
    {
        await using var wire = await OpenAsync();
        await wire.Connection.SendAsync(kind, header, payload, Soon);
        var bytes = new byte[wire.Connection.SentBytes];
        await wire.ReadAsync(bytes);
        return bytes;
    }

    /// <summary>What the connection makes of <paramref name="bytes"/>, after which the peer closes its side.</summary>
    public async Task<Frame?> ReceiveAsync(byte[] bytes)
    {
        await Peer.SendAsync(bytes, Soon);
        Peer.Shutdown(SocketShutdown.Send);
        return await Connection.ReceiveAsync(Soon);
    }

    public async Task ReadAsync(byte[] bytes)
    {
        for (var read = 0; read < bytes.Length;)
        {
            var got = await Peer.ReceiveAsync(bytes.AsMemory(read), Soon);
            Assert.NotEqual(0, got);
            read += got;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Peer.Dispose();
        await Connection.DisposeAsync();
    }
}
