using System.Net;
using System.Net.Sockets;

namespace DistMtl.Transport.Tests;

/// <summary>A tensor connection and the bare socket at its other end, over loopback; the greetings are exchanged.</summary>
internal sealed class Wire : IAsyncDisposable
{
    public const long Window = 1 << 20;

    private readonly Recording _recording;

    private Wire(TensorConnection connection, Socket peer, Recording recording)
    {
        (Connection, Peer, _recording) = (connection, peer, recording);
        PeerReader = new FrameReader(new NetworkStream(peer), TimeSpan.FromSeconds(20), new ReceiveCredit(1L << 40, () => { }), (_, _) => { });
    }

    /// <summary>For waits that a test expects to end by themselves.</summary>
    public static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;

    public TensorConnection Connection { get; }

    public Socket Peer { get; }

    /// <summary>Reads what the peer gets.</summary>
    public FrameReader PeerReader { get; }

    /// <param name="window">What the peer says that it has room for.</param>
    public static async Task<Wire> OpenAsync(TransportSettings? settings = null, long window = Window)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var connecting = TensorConnection.ConnectAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port, settings ?? TransportSettings.Default, Soon);
        var peer = await listener.AcceptAsync(Soon);
        var recording = new Recording();
        await peer.SendAsync(await recording.CreditAsync(0, window), Soon);
        var wire = new Wire(await connecting, peer, recording);
        await wire.PeerReader.ReadGreetingAsync(Soon);
        return wire;
    }

    /// <summary>The peer sends a frame.</summary>
    public async Task PeerSendAsync<T>(FrameKind kind, T header, ReadOnlyMemory<byte> payload) =>
        await PeerSendAsync(await _recording.FrameAsync(kind, header, payload));

    /// <summary>The peer says how much it has consumed.</summary>
    public async Task PeerGrantAsync(long consumed, long window = Window) => await PeerSendAsync(await _recording.CreditAsync(consumed, window));

    public async Task PeerSendAsync(byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await Peer.SendAsync(bytes.AsMemory(sent), Soon);
    }

    public async ValueTask DisposeAsync()
    {
        Peer.Dispose();
        PeerReader.Dispose();
        await Connection.DisposeAsync();
    }
}
