using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;
using DistMtl.Protocol;

namespace DistMtl.Transport.Tests;

/// <summary>Under mutual TLS both sides are let in by one authority, and everybody else is told why not.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly TransportSettings s_plain = TransportSettings.Default with { ConnectTimeout = TimeSpan.FromSeconds(20), HelloTimeout = TimeSpan.FromSeconds(20) };

    private readonly CertificateFolder _ours = new();
    private readonly CertificateFolder _theirs = new();
    private readonly Channel<string> _refusals = Channel.CreateUnbounded<string>();

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }

    [Fact]
    public async Task Frames_of_all_sizes_travel_both_ways()
    {
        await using var pair = await Pair.OpenAsync(With(_ours.Sign("worker")), With(_ours.Sign("coordinator")));
        foreach (var bytes in (int[])[0, 1, 40_000, (3 << 20) + 5])
        {
            var payload = new byte[bytes];
            new Random(bytes).NextBytes(payload);
            foreach (var (from, to) in ((TensorConnection, TensorConnection)[])[(pair.Connecting, pair.Accepted), (pair.Accepted, pair.Connecting)])
            {
                var sending = from.SendAsync(FrameKind.Gradient, Headers.Gradient, payload, Wire.Soon);
                using var frame = await to.ReceiveAsync(Wire.Soon);
                await sending;
                Assert.True(payload.AsSpan().SequenceEqual(frame!.Payload.GetSpan()));
            }
        }
        await pair.Connecting.DisposeAsync();
        Assert.Null(await pair.Accepted.ReceiveAsync(Wire.Soon));
    }

    [Fact]
    public Task A_worker_of_another_authority_is_refused() => AssertRefusedAsync(
        _theirs.Sign("stranger") with { AuthorityPath = _ours.AuthorityPath }, "(CN=stranger) that is not signed by");

    [Fact]
    public Task A_worker_whose_certificate_has_expired_is_refused() => AssertRefusedAsync(
        _ours.Sign("late", days: -1), "(CN=late) that is valid from");

    [Fact]
    public Task A_worker_whose_certificate_is_not_valid_yet_is_refused() => AssertRefusedAsync(
        _ours.Sign("early", days: 90), "(CN=early) that is valid from");

    [Fact]
    public async Task A_peer_without_a_certificate_is_refused()
    {
        using var listener = Listen();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, listener.Port);
        await using var stream = new SslStream(new NetworkStream(socket));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        await AssertOtherIsLetInAsync(listener, "showed no certificate");
    }

    [Fact]
    public async Task A_peer_that_speaks_an_older_TLS_is_refused()
    {
        using var listener = Listen();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, listener.Port);
        await using var stream = new SslStream(new NetworkStream(socket));
        await Assert.ThrowsAnyAsync<Exception>(() => stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            EnabledSslProtocols = SslProtocols.Tls12,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        }));
        await AssertOtherIsLetInAsync(listener, "does not speak TLS 1.3");
    }

    [Fact]
    public async Task A_worker_without_TLS_is_refused_and_told_so()
    {
        using var listener = Listen();
        await Assert.ThrowsAsync<IOException>(() => TensorConnection.ConnectAsync("127.0.0.1", listener.Port, s_plain, Wire.Soon));
        await AssertOtherIsLetInAsync(listener, "does not speak TLS 1.3");
    }

    [Fact]
    public async Task A_worker_with_TLS_is_refused_by_a_listener_without()
    {
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, s_plain);
        var error = await Assert.ThrowsAsync<JobException>(() => TensorConnection.ConnectAsync("127.0.0.1", listener.Port, With(_ours.Sign("worker")), Wire.Soon));
        Assert.Contains("does not speak TLS 1.3", error.Message, StringComparison.Ordinal);
        using var enough = new CancellationTokenSource();
        var accepting = listener.AcceptAsync("job-1", Refuse, enough.Token);
        Assert.Contains("speaks TLS, and this end does not", await _refusals.Reader.ReadAsync(Wire.Soon), StringComparison.Ordinal);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
    }

    [Fact]
    public async Task A_coordinator_of_another_authority_is_not_trusted()
    {
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, With(_theirs.Sign("impostor")));
        var error = await Assert.ThrowsAsync<JobException>(() => TensorConnection.ConnectAsync("127.0.0.1", listener.Port, With(_ours.Sign("worker")), Wire.Soon));
        Assert.Contains("(CN=impostor) that is not signed by", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.ClusterLost, error.ExitCode);
    }

    [Fact]
    public async Task The_host_is_checked_where_the_settings_say_so()
    {
        var worker = _ours.Sign("worker");
        using var elsewhere = TensorListener.Bind(IPAddress.Loopback, 0, With(_ours.Sign("elsewhere", address: IPAddress.Parse("10.0.0.5"))));
        await using (var trusting = await TensorConnection.ConnectAsync("127.0.0.1", elsewhere.Port, With(worker), Wire.Soon))
        {
            // By its authority alone.
        }
        var error = await Assert.ThrowsAsync<JobException>(
            () => TensorConnection.ConnectAsync("127.0.0.1", elsewhere.Port, With(worker with { CheckHost = true }), Wire.Soon));
        Assert.Contains("(CN=elsewhere) of another host", error.Message, StringComparison.Ordinal);
        using var here = TensorListener.Bind(IPAddress.Loopback, 0, With(_ours.Sign("here", address: IPAddress.Loopback)));
        await using var connection = await TensorConnection.ConnectAsync("127.0.0.1", here.Port, With(worker with { CheckHost = true }), Wire.Soon);
    }

    [Fact]
    public void The_three_files_go_together()
    {
        Assert.Null(TlsSettings.Of(null, null, null));
        var files = _ours.Sign("node");
        Assert.Equal(files, TlsSettings.Of(files.AuthorityPath, files.CertificatePath, files.KeyPath));
        AssertError("--tls-cert and --tls-key is missing", files.AuthorityPath, null, null);
        AssertError("--tls-key is missing", files.AuthorityPath, files.CertificatePath, null);
        AssertError("/no/such.pem", "/no/such.pem", files.CertificatePath, files.KeyPath);
        AssertError("holds no certificate", _ours.Write("empty.pem", ""), files.CertificatePath, files.KeyPath);
        AssertError("is not the private key", files.AuthorityPath, files.CertificatePath, _ours.Sign("other").KeyPath);
        AssertError("is not the private key", files.AuthorityPath, files.CertificatePath, files.CertificatePath);
    }

    private static void AssertError(string why, string? authority, string? certificate, string? key)
    {
        var error = Assert.Throws<JobException>(() => TlsSettings.Of(authority, certificate, key));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadInput, error.ExitCode);
    }

    private static TransportSettings With(TlsSettings tls) => s_plain with { Tls = tls };

    private TensorListener Listen() => TensorListener.Bind(IPAddress.Loopback, 0, With(_ours.Sign("coordinator")));

    private void Refuse(string why) => Assert.True(_refusals.Writer.TryWrite(why));

    /// <summary>Both sides learn it, and a worker behind the stranger is let in.</summary>
    private async Task AssertRefusedAsync(TlsSettings stranger, string why)
    {
        using var listener = Listen();
        var error = await Assert.ThrowsAsync<JobException>(() => TensorConnection.ConnectAsync("127.0.0.1", listener.Port, With(stranger), Wire.Soon));
        Assert.Contains($"does not trust the certificate {stranger.CertificatePath}", error.Message, StringComparison.Ordinal);
        await AssertOtherIsLetInAsync(listener, why);
    }

    private async Task AssertOtherIsLetInAsync(TensorListener listener, string why)
    {
        await using var worker = await TensorConnection.ConnectAsync("127.0.0.1", listener.Port, With(_ours.Sign("worker")), Wire.Soon);
        await worker.SendAsync(FrameKind.Hello, Headers.Hello, default, Wire.Soon);
        var (connection, hello) = await listener.AcceptAsync("job-1", Refuse, Wire.Soon);
        await connection.DisposeAsync();
        Assert.Equal(Headers.Hello, hello);
        using var enough = new CancellationTokenSource();
        var accepting = listener.AcceptAsync("job-1", Refuse, enough.Token);
        Assert.Contains(why, await _refusals.Reader.ReadAsync(Wire.Soon), StringComparison.Ordinal);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
    }
}
