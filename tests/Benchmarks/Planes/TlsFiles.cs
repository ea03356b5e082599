using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DistMtl.Transport;

namespace DistMtl.Benchmarks.Planes;

/// <summary>An authority and a node's certificate for the time of a measurement, in a folder that goes with it.</summary>
internal sealed class TlsFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distmtl-plane-");

    public TlsFiles()
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=plane authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(from, to);
        using var nodeKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var node = new CertificateRequest("CN=plane node", nodeKey, HashAlgorithmName.SHA256).Create(authority, from, to, [1]);
        Settings = new TlsSettings(
            Write("ca.pem", authority.ExportCertificatePem()), Write("node.pem", node.ExportCertificatePem()), Write("node.key", nodeKey.ExportPkcs8PrivateKeyPem()));
    }

    public TlsSettings Settings { get; }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
