using System.Net.Sockets;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary>Where a service takes requests, as <c>--to</c> names it.</summary>
internal static class ServiceAddresses
{
    /// <summary>How soon a connection that brings nothing is asked whether the service is still there, and how often in vain.</summary>
    private const int QuietSeconds = 5;

    private const int AsksInVain = 3;

    /// <summary>
    /// Whose connections end when the service can no longer be reached, even while it has nothing to say: a stream has no deadline.
    /// </summary>
    /// <param name="timeout">For a whole answer.</param>
    public static HttpClient Client(TimeSpan timeout) => new(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { Timeout = timeout };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, QuietSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, QuietSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, AsksInVain);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>One address, or those of all coordinators of one service, with commas.</summary>
    /// <exception cref="JobException">One is none.</exception>
    public static IReadOnlyList<Uri> Parse(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).DefaultIfEmpty("").Select(ParseOne)];

    private static Uri ParseOne(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme.StartsWith("http", StringComparison.Ordinal)
            ? url
            : throw new JobException($"--to is '{text}'; it must be an address such as http://10.0.0.5:8080, or several with commas");
}
