using System.Net;
using DistMtl.Transport;

namespace DistMtl.Benchmarks.Planes;

/// <summary>The tensor plane as nodes use it: frames with checksums and credits, received straight into the destination.</summary>
internal sealed class PlaneCopy : ICopy
{
    private readonly TensorConnection _sender;
    private readonly TensorConnection _receiver;
    private Memory<byte> _destination;

    private PlaneCopy(string name, TensorConnection sender, TensorConnection receiver)
    {
        (Name, _sender, _receiver) = (name, sender, receiver);
        _receiver.Placement = (_, _, _) => _destination;
    }

    public string Name { get; }

    public static async Task<PlaneCopy> OpenAsync(string name, TlsSettings? tls)
    {
        var settings = TransportSettings.Default with { Tls = tls };
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, settings);
        var sender = await TensorConnection.ConnectAsync("127.0.0.1", listener.Port, settings, default);
        await sender.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, "plane", name), default, default);
        var (receiver, _) = await listener.AcceptAsync("plane", Console.Error.WriteLine, default);
        return new PlaneCopy(name, sender, receiver);
    }

    public Task RunAsync(ReadOnlyMemory<byte> source, Memory<byte> destination, int times)
    {
        _destination = destination;
        return Task.WhenAll(Task.Run(() => SendAsync(source, times)), Task.Run(() => ReceiveAsync(times)));
    }

    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> source, int times)
    {
        for (var i = 0; i < times; i++)
            await _sender.SendAsync(FrameKind.Slice, new SliceHeader(1, i, 0), source, default);
    }

    private async Task ReceiveAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var frame = await _receiver.ReceiveAsync(default) ?? throw new IOException("the connection was closed");
            if (frame.Header<SliceHeader>().Version != i)
                throw new IOException($"slice {frame.Header<SliceHeader>().Version} came where {i} was due");
        }
    }
}
