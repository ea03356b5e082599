using System.Net.Sockets;
using DistMtl.Protocol;

namespace DistMtl.Transport;

/// <summary>The connecting side of a new connection: attempts until the deadline, then TLS, then the greetings.</summary>
internal sealed class Dialler(string host, int port, TransportSettings settings)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private string _state = "no answer";

    /// <inheritdoc cref="TensorConnection.ConnectAsync"/>
    public async Task<TensorConnection> ConnectAsync(CancellationToken cancellation)
    {
        var identity = settings.Tls is { } tls ? TlsIdentity.Load(tls) : null;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(settings.ConnectTimeout);
        try
        {
            var socket = await DialAsync(deadline.Token);
            try
            {
                return await OpenAsync(socket, identity, deadline.Token);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no connection to {host}:{port} within {settings.ConnectTimeout.TotalSeconds:0.#} s: {_state}", e);
        }
    }

    /// <summary>Who is not there yet is tried again, each time after a longer pause; at random, so that many do not come at once.</summary>
    private async Task<Socket> DialAsync(CancellationToken deadline)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(host, port, deadline);
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                _state = e.Message;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble() / 2), deadline);
        }
    }

    private async Task<TensorConnection> OpenAsync(Socket socket, TlsIdentity? identity, CancellationToken deadline)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        _state = "it does not answer in TLS";
        if (identity is not null)
            stream = await identity.ConnectAsync(stream, host, port, deadline);
        _state = "it takes the connection, but does not greet";
        try
        {
            var connection = new TensorConnection(socket, stream, settings);
            await connection.GreetAsync(deadline);
            await connection.ReceiveGreetingAsync(deadline);
            return connection;
        }
        catch (FrameException e) when (identity is null)
        {
            throw new IOException($"no connection to {host}:{port}: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw identity is null
                ? new IOException($"{host}:{port} hung up on a new connection: {e.Message}", e)
                : new JobException($"{host}:{port} hung up after the TLS handshake: it does not trust the certificate {settings.Tls!.CertificatePath}, or it ended", ExitCode.ClusterLost, e);
        }
    }
}
