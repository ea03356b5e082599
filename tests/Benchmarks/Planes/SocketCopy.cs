using System.Net;
using System.Net.Sockets;

namespace DistMtl.Benchmarks.Planes;

/// <summary>The yardstick: a bare socket at each end, a thread that sends and a thread that receives, neither checksum nor frame.</summary>
internal sealed class SocketCopy(Socket sender, Socket receiver) : ICopy
{
    public string Name => "socket";

    public static async Task<SocketCopy> OpenAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var sender = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var accepting = listener.AcceptAsync();
        await sender.ConnectAsync(listener.LocalEndPoint!);
        return new SocketCopy(sender, await accepting);
    }

    public Task RunAsync(ReadOnlyMemory<byte> source, Memory<byte> destination, int times) => Task.WhenAll(
        Task.Factory.StartNew(() => Send(source, times), TaskCreationOptions.LongRunning),
        Task.Factory.StartNew(() => Receive(destination, times), TaskCreationOptions.LongRunning));

    public ValueTask DisposeAsync()
    {
        sender.Dispose();
        receiver.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Send(ReadOnlyMemory<byte> source, int times)
    {
        for (var i = 0; i < times; i++)
        {
            for (var left = source.Span; !left.IsEmpty;)
                left = left[sender.Send(left)..];
        }
    }

    private void Receive(Memory<byte> destination, int times)
    {
        for (var i = 0; i < times; i++)
        {
            for (var left = destination.Span; !left.IsEmpty;)
            {
                var got = receiver.Receive(left);
                left = got > 0 ? left[got..] : throw new IOException("the socket was closed");
            }
        }
    }
}
