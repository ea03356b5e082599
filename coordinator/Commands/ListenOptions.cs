using System.CommandLine;
using System.CommandLine.Parsing;
using DistMtl.Clustering;
using DistMtl.Coordinator.Cluster;

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

    public void AddTo(Command command)
    {
        command.Options.Add(_host);
        command.Options.Add(_port);
        command.Options.Add(_tensorPort);
    }

    public NodeAddress Read(ParseResult parse) => new(parse.GetValue(_host)!, parse.GetValue(_port), parse.GetValue(_tensorPort));

    /// <summary>Whether any of them was given.</summary>
    public bool AreGiven(CommandResult result) =>
        new Option[] { _host, _port, _tensorPort }.Any(option => result.GetResult(option) is { Implicit: false });
}
