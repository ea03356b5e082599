using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DistMtl.EndToEnd.Tests;

/// <summary>A run whose tensor plane lets in only who shows a certificate of its authority.</summary>
public sealed class TlsTests(ReferenceRuns references)
{
    [Fact]
    public async Task A_run_over_mutual_TLS_with_servers_on_workers_ends_in_the_bits_of_the_plain_run()
    {
        using var folder = new TemporaryFolder();
        using var authority = new Authority(folder, "ours");
        var (exitCode, output, errors) = await Distmtl.RunAsync(
        [
            "train", SmallJob.Write(folder, "pcgrad"), "--workers", "2", "--out", folder["run"],
            "--set", "training.parameterServers={count: 2, placement: workers}", .. authority.Sign("node").Options,
        ]);
        Assert.True(exitCode == 0, output + errors);
        Assert.Empty(errors.Trim());
        Assert.Equal(Repository.Hash(await references.RunAsync("pcgrad", epochs: 2)), Repository.Hash(folder["run"]));
    }

    [Fact]
    public async Task A_worker_of_another_authority_ends_the_run_with_a_reason_on_either_side()
    {
        using var folder = new TemporaryFolder();
        using var ours = new Authority(folder, "ours");
        using var theirs = new Authority(folder, "theirs");
        var (port, tensorPort) = (FreePort(), FreePort());
        await using var run = Distmtl.Start(
        [
            "train", SmallJob.Write(folder), "--remote-workers", "1", "--port", port, "--tensor-port", tensorPort, "--out", folder["run"],
            .. ours.Sign("coordinator").Options,
        ]);
        // It trusts the coordinator, but is not trusted.
        await using var worker = Distmtl.StartWorker(["--join", $"127.0.0.1:{port}", .. (theirs.Sign("stranger") with { AuthorityPath = ours.Path }).Options]);

        Assert.Equal(4, await run.WaitAsync());
        Assert.Contains("error: ", run.Errors, StringComparison.Ordinal);
        Assert.Contains("certificate", run.Output + run.Errors, StringComparison.Ordinal);
        Assert.Contains("stranger", run.Output + run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        Assert.Equal("failed", Repository.Summary(folder["run"]).GetProperty("status").GetString());
        Assert.Equal(4, await worker.WaitAsync());
    }

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"{((IPEndPoint)listener.LocalEndpoint).Port}";
    }

    /// <summary>Signs certificates, and writes them and itself as files.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly TemporaryFolder _folder;
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _certificate;

        public Authority(TemporaryFolder folder, string name)
        {
            _folder = folder;
            var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            Path = Write($"{name}.pem", _certificate.ExportCertificatePem());
        }

        public string Path { get; }

        public Identity Sign(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            using var certificate = request.Create(_certificate, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1]);
            return new Identity(Path, Write($"{name}.pem", certificate.ExportCertificatePem()), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
        }

        public void Dispose()
        {
            _certificate.Dispose();
            _key.Dispose();
        }

        private string Write(string name, string text)
        {
            File.WriteAllText(_folder[name], text);
            return _folder[name];
        }
    }

    private sealed record Identity(string AuthorityPath, string CertificatePath, string KeyPath)
    {
        public string[] Options => ["--tls-ca", AuthorityPath, "--tls-cert", CertificatePath, "--tls-key", KeyPath];
    }
}
