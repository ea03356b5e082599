using System.CommandLine;
using DistMtl.Clustering;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Worker;

/// <summary>The command line of <c>distmtl-worker</c>.</summary>
internal static class WorkerCommand
{
    public static RootCommand Create()
    {
        var join = new Option<string>("--join") { Description = "The coordinator's cluster address, HOST:PORT; of several, all, with commas.", Required = true };
        var host = new Option<string>("--host")
        {
            Description = "The address that the coordinator and the other workers reach this one by.",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var port = new Option<int>("--port") { Description = "Port of the cluster; 0: any free one." };
        var joinTimeout = new Option<int>("--join-timeout")
        {
            Description = "Seconds to wait for the coordinator to be there and let this worker in.",
            DefaultValueFactory = _ => 30,
        };
        var child = new Option<bool>("--exit-with-parent")
        {
            Description = "End when standard input ends; Ctrl-C is then the parent's business. The coordinator's own workers run so.",
        };
        var authority = new Option<string?>("--tls-ca")
        {
            Description = "Certificate (PEM) of the authority that signs this cluster's nodes: the tensor plane then speaks mutual TLS 1.3.",
        };
        var certificate = new Option<string?>("--tls-cert") { Description = "This node's certificate (PEM), signed by it." };
        var key = new Option<string?>("--tls-key") { Description = "The certificate's private key (PEM, not encrypted)." };
        var checkHost = new Option<bool>("--tls-check-host")
        {
            Description = "Wants the coordinator's --host among the names and addresses of its certificate, too.",
        };
        var root = new RootCommand("One node of a DistMtl cluster, with one device: holds data shards and computes their gradients.")
        {
            join, host, port, joinTimeout, child, authority, certificate, key, checkHost,
        };
        root.Validators.Add(result =>
        {
            if (result.GetValue(join) is { } address && NodeSettings.ParseNodes(address) is null)
                result.AddError($"--join is '{address}'; it must be HOST:PORT, such as 10.0.0.5:{NodeSettings.DefaultPort}, or several with commas");
            if (result.GetResult(joinTimeout) is { Implicit: false } && result.GetValue(joinTimeout) < 1)
                result.AddError("--join-timeout must be at least 1");
        });
        root.SetAction(async (parse, _) => (int)await RunAsync(
            new NodeSettings(Roles.Worker, parse.GetValue(host)!, parse.GetValue(port), NodeSettings.ParseNodes(parse.GetValue(join)!)!),
            () => TlsSettings.Of(parse.GetValue(authority), parse.GetValue(certificate), parse.GetValue(key)) is { } tls ? tls with { CheckHost = parse.GetValue(checkHost) } : null,
            TimeSpan.FromSeconds(parse.GetValue(joinTimeout)), parse.GetValue(child)));
        return root;
    }

    private static async Task<ExitCode> RunAsync(NodeSettings settings, Func<TlsSettings?> tls, TimeSpan joinDeadline, bool exitWithParent)
    {
        try
        {
            return await WorkerProcess.RunAsync(settings, TransportSettings.Default with { Tls = tls() }, joinDeadline, exitWithParent);
        }
        catch (JobException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return e.ExitCode;
        }
    }
}
