using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Net;
using System.Net.Sockets;

namespace DistMtl.Faults;

/// <summary>
/// Stands between the two ends of a tensor connection, over real sockets, and does to what passes what its plan says. It takes
/// one connection.
/// </summary>
public sealed class FaultRelay : IAsyncDisposable
{
    private readonly Socket _listener = NewSocket();
    private readonly Socket _near = NewSocket();
    private readonly ConcurrentQueue<WireFault> _struck = new();
    private readonly FaultPlan _plan;
    private readonly int _target;
    private readonly bool _seals;
    private readonly Task _relaying;
    private Socket? _far;
    private volatile bool _isOver;

    /// <param name="target">Where it connects to, on this host.</param>
    /// <param name="seals">
    /// Whether checksums are made anew behind each fault, as if the peer itself had left a frame out, sent it twice or too early:
    /// then the layer above must see it. A changed bit still shows.
    /// </param>
    public FaultRelay(int target, FaultPlan plan, bool seals = false)
    {
        (_target, _plan, _seals) = (target, plan, seals);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _relaying = Task.Run(RelayAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>What of the plan has happened.</summary>
    public IReadOnlyCollection<WireFault> Struck => _struck;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _near.Dispose();
        _far?.Dispose();
        await _relaying;
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private async Task RelayAsync()
    {
        try
        {
            _far = await _listener.AcceptAsync();
            _far.NoDelay = true;
            await _near.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAll(CarryAsync(_far, _near, _plan.Out), CarryAsync(_near, _far, _plan.Back));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody came.
        }
    }

    /// <summary>Carries one direction to its end.</summary>
    private async Task CarryAsync(Socket from, Socket to, IReadOnlyList<WireFault> faults)
    {
        try
        {
            await using var source = new NetworkStream(from);
            await CarryAsync(source, to, faults);
            // The end is carried, too; and what comes behind a silence or an end goes nowhere.
            var nowhere = new byte[64 << 10];
            while (await source.ReadAsync(nowhere) > 0)
                continue;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // One side has torn the connection down: so does this one.
            Reset();
        }
    }

    private async Task CarryAsync(NetworkStream source, Socket to, IReadOnlyList<WireFault> faults)
    {
        var sealing = _seals ? new XxHash3() : null;
        var next = Parcel.ReadAsync(source);
        for (var at = 0; await next is { } parcel && !_isOver; at++)
        {
            next = Parcel.ReadAsync(source);
            var fault = faults.FirstOrDefault(fault => fault.At == at);
            if (fault is { Kind: WireFaultKind.Swap } && await IsThereAsync(next))
            {
                _struck.Enqueue(fault);
                var follower = (await next)!;
                next = Parcel.ReadAsync(source);
                at++;
                await SendAsync(follower);
                await SendAsync(parcel);
                continue;
            }
            if (fault is null or { Kind: WireFaultKind.Swap })
            {
                await SendAsync(parcel);
                continue;
            }
            _struck.Enqueue(fault);
            var inside = fault.Place == 0 ? 0 : 1 + (int)(fault.Place * (parcel.Bytes.Length - 1));
            switch (fault.Kind)
            {
                case WireFaultKind.Drop:
                    break;
                case WireFaultKind.Delay:
                    await Task.Delay(WireFault.Pause);
                    await SendAsync(parcel);
                    break;
                case WireFaultKind.Double:
                    await SendAsync(parcel);
                    await SendAsync(parcel);
                    break;
                case WireFaultKind.Flip:
                    Seal(parcel)[inside] ^= (byte)(1 << at % 8);
                    await SendBytesAsync(parcel.Bytes);
                    break;
                case WireFaultKind.Stall:
                    Seal(parcel);
                    await SendBytesAsync(parcel.Bytes.AsMemory(0, inside));
                    await Task.Delay(WireFault.Pause);
                    await SendBytesAsync(parcel.Bytes.AsMemory(inside));
                    break;
                default:
                    await SendBytesAsync(Seal(parcel).AsMemory(0, inside));
                    if (fault.Kind == WireFaultKind.End)
                        End();
                    else if (fault.Kind == WireFaultKind.Reset)
                        Reset();
                    // What has been begun to be read is of no interest any more.
                    await next;
                    return;
            }
        }
        to.Shutdown(SocketShutdown.Send);

        Task SendAsync(Parcel parcel) => SendBytesAsync(Seal(parcel));

        byte[] Seal(Parcel parcel)
        {
            if (sealing is not null)
                parcel.Seal(sealing);
            return parcel.Bytes;
        }

        async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
        {
            while (!bytes.IsEmpty)
                bytes = bytes[await to.SendAsync(bytes)..];
        }
    }

    /// <summary>Whether another parcel follows; who answers only to this one never sends it.</summary>
    private static async Task<bool> IsThereAsync(Task<Parcel?> next)
    {
        await Task.WhenAny(next, Task.Delay(WireFault.Pause));
        return next.IsCompletedSuccessfully && next.Result is not null;
    }

    private void End()
    {
        _isOver = true;
        _near.Shutdown(SocketShutdown.Send);
        _far!.Shutdown(SocketShutdown.Send);
    }

    private void Reset()
    {
        foreach (var socket in new[] { _near, _far! })
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is gone already.
            }
            socket.Dispose();
        }
    }
}
