using DistMtl.Protocol;

namespace DistMtl.Transport;

/// <summary>
/// Files, all in PEM, by which nodes prove to each other that they belong together: mutual TLS 1.3. A node trusts whoever
/// shows a certificate that this authority has signed, and nobody else: the system's authorities do not count.
/// </summary>
/// <param name="AuthorityPath">Certificate of the authority.</param>
/// <param name="CertificatePath">This node's certificate, and behind it those between it and the authority, if any.</param>
/// <param name="KeyPath">The private key of this node's certificate, not encrypted.</param>
public sealed record TlsSettings(string AuthorityPath, string CertificatePath, string KeyPath)
{
    /// <summary>
    /// Whether the connecting side also wants the host that it connects to among the names and addresses of the
    /// certificate (subjectAltName). Not needed where the authority signs this cluster's nodes alone.
    /// </summary>
    public bool CheckHost { get; init; }

    /// <summary>What the command line says: all three files or none.</summary>
    /// <returns>Null: no TLS.</returns>
    /// <exception cref="JobException">One is missing, can't be read, or the key is not the certificate's.</exception>
    public static TlsSettings? Of(string? authorityPath, string? certificatePath, string? keyPath)
    {
        (string Option, string? Path)[] files = [("--tls-ca", authorityPath), ("--tls-cert", certificatePath), ("--tls-key", keyPath)];
        if (files.All(file => file.Path is null))
            return null;
        if (files.Where(file => file.Path is null).Select(file => file.Option).ToArray() is { Length: > 0 } missing)
            throw new JobException($"--tls-ca, --tls-cert and --tls-key go together: {string.Join(" and ", missing)} is missing");
        var settings = new TlsSettings(Path.GetFullPath(authorityPath!), Path.GetFullPath(certificatePath!), Path.GetFullPath(keyPath!));
        TlsIdentity.Load(settings);
        return settings;
    }
}
