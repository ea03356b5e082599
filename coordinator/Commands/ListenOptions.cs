using System.CommandLine;
using System.CommandLine.Parsing;
using DistMtl.Clustering;
using DistMtl.Coordinator.Cluster;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Commands;

/// <summary>Where a coordinator that workers join from elsewhere listens: <c>serve</c>, and <c>train --remote-workers</c>.</summary>
internal sealed class ListenOptions
{
    private readonly Option<string> _host = new("--host")
    {
        Description = "Name or address that workers reach this coordinator by; a name listens on all addresses.",
        DefaultValueFactory = _ => "127.0.0.1",
    };

    private readonly Option<int> _port = new("--port")
    {
        Description = "Cluster port that workers join.",
        DefaultValueFactory = _ => NodeSettings.DefaultPort,
    };

    private readonly Option<int> _tensorPort = new("--tensor-port")
    {
        Description = "Port of the tensor plane.",
        DefaultValueFactory = _ => NodeSettings.DefaultPort + 1,
    };

    private readonly Option<string?> _authority = new("--tls-ca")
    {
        Description = "Certificate (PEM) of the authority that signs this cluster's nodes: the tensor plane then speaks mutual TLS 1.3.",
    };

    private readonly Option<string?> _certificate = new("--tls-cert") { Description = "This node's certificate (PEM), signed by it." };

    private readonly Option<string?> _key = new("--tls-key") { Description = "The certificate's private key (PEM, not encrypted)." };

    public void AddTo(Command command)
    {
        command.Options.Add(_host);
        command.Options.Add(_port);
        command.Options.Add(_tensorPort);
        command.Options.Add(_authority);
        command.Options.Add(_certificate);
        command.Options.Add(_key);
    }

    /// <exception cref="Protocol.JobException">Not all three files for TLS are named, or one is of no use.</exception>
    public NodeAddress Read(ParseResult parse) => new(
        parse.GetValue(_host)!, parse.GetValue(_port), parse.GetValue(_tensorPort), [],
        TlsSettings.Of(parse.GetValue(_authority), parse.GetValue(_certificate), parse.GetValue(_key)));

    /// <summary>Whether any was given that only workers from elsewhere need.</summary>
    public bool AreGiven(CommandResult result) =>
        new Option[] { _host, _port, _tensorPort }.Any(option => result.GetResult(option) is { Implicit: false });
}
