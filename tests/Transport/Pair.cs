using System.Net;

namespace DistMtl.Transport.Tests;

/// <summary>Two connections that are the two ends of one, over loopback; the accepting one has received the hello.</summary>
internal sealed class Pair : IAsyncDisposable
{
    private Pair(TensorConnection connecting, TensorConnection accepted) => (Connecting, Accepted) = (connecting, accepted);

    public TensorConnection Connecting { get; }

    public TensorConnection Accepted { get; }

    public static Task<Pair> OpenAsync(TransportSettings? settings = null) => OpenAsync(settings ?? TransportSettings.Default, settings ?? TransportSettings.Default);

    public static Task<Pair> OpenAsync(TransportSettings connecting, TransportSettings accepting) => OpenAsync(connecting, accepting, port => port);

    /// <param name="via">The port to connect to instead of the accepting end's own.</param>
    public static async Task<Pair> OpenAsync(TransportSettings connecting, TransportSettings accepting, Func<int, int> via)
    {
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, accepting);
        var connection = await TensorConnection.ConnectAsync("127.0.0.1", via(listener.Port), connecting, Wire.Soon);
        await connection.SendAsync(FrameKind.Hello, Headers.Hello, default, Wire.Soon);
        var (accepted, _) = await listener.AcceptAsync("job-1", Assert.Fail, Wire.Soon);
        return new Pair(connection, accepted);
    }

    public async ValueTask DisposeAsync()
    {
        await Connecting.DisposeAsync();
        await Accepted.DisposeAsync();
    }
}
