using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace DistMtl.Transport;

/// <summary>
/// The coordinator's end of the tensor plane: lets workers in that say hello for the right job. Those who come are seen to
/// side by side, so that a stranger who is slow to say hello holds nobody up.
/// </summary>
public sealed class TensorListener : IDisposable
{
    /// <summary>Strangers that are seen to at once, and arrivals that wait to be accepted; others wait in the kernel's queue.</summary>
    private const int MaxStrangers = 64;

    private const int MaxWaiting = 512;

    private readonly Socket _socket;
    private readonly TransportSettings _settings;
    private readonly TlsIdentity? _identity;
    private readonly SemaphoreSlim _places = new(MaxStrangers);
    private readonly CancellationTokenSource _closed = new();
    private readonly Channel<Arrival> _arrivals = Channel.CreateBounded<Arrival>(MaxWaiting);

    private TensorListener(Socket socket, TransportSettings settings, TlsIdentity? identity)
    {
        _socket = socket;
        _settings = settings;
        _identity = identity;
        _ = WelcomeAllAsync();
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <param name="port">0: any free one.</param>
    /// <exception cref="Protocol.JobException">A file of the TLS settings is of no use, or the port is taken.</exception>
    public static TensorListener Bind(IPAddress address, int port, TransportSettings settings)
    {
        var identity = settings.Tls is { } tls ? TlsIdentity.Load(tls) : null;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new Protocol.JobException($"cannot listen on {address}:{port} for the tensor plane: {e.Message}", Protocol.ExitCode.Failure, e);
        }
        socket.Listen(512);
        return new TensorListener(socket, settings, identity);
    }

    /// <summary>Waits for the next worker. Who does not say hello in time, or not properly, is refused and reported.</summary>
    /// <param name="refused">Told why a connection was turned away.</param>
    /// <exception cref="ObjectDisposedException">The listener is closed.</exception>
    public async Task<(TensorConnection Connection, HelloHeader Hello)> AcceptAsync(string job, Action<string> refused, CancellationToken cancellation)
    {
        while (await _arrivals.Reader.WaitToReadAsync(cancellation))
        {
            if (!_arrivals.Reader.TryRead(out var arrival))
                continue;
            if (arrival is { Connection: { } connection, Hello: { } hello })
            {
                if (hello.Job == job)
                    return (connection, hello);
                await connection.DisposeAsync();
                refused(Refusal(arrival.Peer, $"is here for job {hello.Job}, not {job}"));
            }
            else
            {
                refused(Refusal(arrival.Peer, arrival.Reason));
            }
        }
        throw new ObjectDisposedException(nameof(TensorListener));
    }

    public void Dispose()
    {
        _closed.Cancel();
        _socket.Dispose();
    }

    private static string Refusal(EndPoint? peer, string reason) => $"tensor plane: turned {peer} away: {reason}";

    private async Task WelcomeAllAsync()
    {
        var welcoming = new List<Task>();
        try
        {
            while (true)
            {
                await _places.WaitAsync(_closed.Token);
                welcoming.RemoveAll(task => task.IsCompleted);
                welcoming.Add(WelcomeAsync(await _socket.AcceptAsync(_closed.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Closed; or the system gives no more connections, which the next to accept is told.
            await Task.WhenAll(welcoming);
            _arrivals.Writer.TryComplete(_closed.IsCancellationRequested ? null : e);
        }
        if (!_closed.IsCancellationRequested)
            return;
        while (_arrivals.Reader.TryRead(out var left))
        {
            if (left.Connection is { } connection)
                await connection.DisposeAsync();
        }
    }

    private async Task WelcomeAsync(Socket socket)
    {
        try
        {
            var arrival = await GreetAsync(socket);
            await _arrivals.Writer.WriteAsync(arrival, _closed.Token);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<Arrival> GreetAsync(Socket socket)
    {
        socket.NoDelay = true;
        var peer = socket.RemoteEndPoint;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        deadline.CancelAfter(_settings.HelloTimeout);
        try
        {
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (_identity is not null)
                stream = await _identity.AcceptAsync(stream, deadline.Token);
            var connection = new TensorConnection(socket, stream, _settings);
            await connection.GreetAsync(deadline.Token);
            using var frame = await connection.ReceiveHelloAsync(deadline.Token) ?? throw new FrameException("closed without a hello");
            if (frame.Kind != FrameKind.Hello)
                throw new FrameException($"{frame.Kind} instead of hello");
            var hello = frame.Header<HelloHeader>();
            return hello.Version == FrameFormat.Version
                ? new Arrival(peer, connection, hello, "")
                : throw new FrameException($"speaks version {hello.Version} of the wire format, not {FrameFormat.Version}");
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && !_closed.IsCancellationRequested)
        {
            socket.Dispose();
            // A read that is cancelled half-way may end in either exception.
            return new Arrival(peer, null, null, deadline.IsCancellationRequested ? "no hello in time" : e.Message);
        }
    }

    /// <summary>One that came: let in as far as its hello, or refused for a reason.</summary>
    private sealed record Arrival(EndPoint? Peer, TensorConnection? Connection, HelloHeader? Hello, string Reason);
}
