using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DistMtl.Protocol;

namespace DistMtl.Transport;

/// <summary>A node's certificate and the one authority that it trusts, loaded; makes encrypted streams of plain ones.</summary>
internal sealed class TlsIdentity
{
    private readonly TlsSettings _settings;
    private readonly X509Certificate2Collection _authorities;
    private readonly SslStreamCertificateContext _certificate;

    private TlsIdentity(TlsSettings settings, X509Certificate2Collection authorities, SslStreamCertificateContext certificate) =>
        (_settings, _authorities, _certificate) = (settings, authorities, certificate);

    /// <exception cref="JobException">A file is missing or is not what it should be.</exception>
    public static TlsIdentity Load(TlsSettings settings)
    {
        var authorities = Certificates(settings.AuthorityPath);
        var chain = Certificates(settings.CertificatePath);
        var key = Read(settings.KeyPath);
        X509Certificate2 own;
        try
        {
            own = X509Certificate2.CreateFromPem(Read(settings.CertificatePath), key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new JobException($"{settings.KeyPath} is not the private key (PEM, not encrypted) of the certificate {settings.CertificatePath}: {e.Message}", inner: e);
        }
        chain.RemoveAt(0);
        return new TlsIdentity(settings, authorities, SslStreamCertificateContext.Create(own, chain, offline: true));
    }

    /// <summary>The accepting side.</summary>
    /// <exception cref="FrameException">The peer is not trusted, or speaks no TLS; says why.</exception>
    public async Task<Stream> AcceptAsync(Stream plain, CancellationToken cancellation)
    {
        var stream = new SslStream(new RecordBuffer(plain));
        string? reason = null;
        try
        {
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = _certificate,
                    ClientCertificateRequired = true,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    AllowTlsResume = false,
                    AllowRenegotiation = false,
                    CertificateChainPolicy = Policy(),
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) => (reason = Distrust(certificate, chain, errors)) is null,
                },
                cancellation);
            return stream;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new FrameException(reason ?? $"does not speak TLS 1.3, which is asked for here: {e.Message}", e);
        }
    }

    /// <summary>The connecting side. Under TLS 1.3 it learns only by its first read that its own certificate was refused.</summary>
    /// <exception cref="JobException">The peer is not trusted, or speaks no TLS; says why.</exception>
    public async Task<Stream> ConnectAsync(Stream plain, string host, int port, CancellationToken cancellation)
    {
        var stream = new SslStream(new RecordBuffer(plain));
        string? reason = null;
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    ClientCertificateContext = _certificate,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    AllowTlsResume = false,
                    AllowRenegotiation = false,
                    CertificateChainPolicy = Policy(),
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                        (reason = Distrust(certificate, chain, _settings.CheckHost ? errors : errors & ~SslPolicyErrors.RemoteCertificateNameMismatch)) is null,
                },
                cancellation);
            return stream;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new JobException($"no secure connection to {host}:{port}: the peer {reason ?? $"does not speak TLS 1.3, or refused: {e.Message}"}", ExitCode.ClusterLost, e);
        }
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    /// <summary>Why a peer is not trusted; null: it is.</summary>
    private string? Distrust(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return null;
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "showed no certificate";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.PartialChain;
            var what = (status & ~X509ChainStatusFlags.NotTimeValid) == X509ChainStatusFlags.NoError
                ? $"is valid from {certificate.GetEffectiveDateString()} to {certificate.GetExpirationDateString()}, which is not now"
                : $"is not signed by {_settings.AuthorityPath}, or not for this use ({status})";
            return $"shows a certificate ({certificate.Subject}) that {what}";
        }
        return $"shows a certificate ({certificate.Subject}) of another host";
    }

    private static X509Certificate2Collection Certificates(string path)
    {
        var certificates = new X509Certificate2Collection();
        var text = Read(path);
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new JobException($"{path}: a certificate in it can't be read: {e.Message}", inner: e);
        }
        return certificates.Count > 0 ? certificates : throw new JobException($"{path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JobException($"a file for TLS can't be read: {e.Message}", inner: e);
        }
    }
}
