using System.Globalization;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Where one coordinator of a service listens, and how it is started, any number of times.</summary>
/// <param name="network">On which it has a host of its own; null: all are on this machine's loopback.</param>
internal sealed class Coordinator(TemporaryFolder folder, string store, Network? network = null, int host = 0)
{
    public string Http { get; } = string.Create(CultureInfo.InvariantCulture, $"http://{HostOf(network, host)}:{Repository.FreePort()}");

    public string Address => $"{HostOf(network, host)}:{Port}";

    private int Port { get; } = Repository.FreePort();

    private int TensorPort { get; } = Repository.FreePort();

    /// <param name="peers">All coordinators; empty: this is the only one.</param>
    /// <param name="variables">Of its environment, such as its faults; null: none.</param>
    /// <returns>When it is a member of the cluster.</returns>
    public async Task<Distmtl> StartAsync(IReadOnlyList<Coordinator> peers, Dictionary<string, string>? variables = null)
    {
        string[] coordinators = peers.Count == 0 ? [] : ["--coordinators", string.Join(',', peers.Select(peer => peer.Address))];
        var process = Distmtl.StartIn(network?.Prefix(host) ?? [], variables ?? [], [
            "serve", "--host", HostOf(network, host), "--http", Http, "--port", Port.ToString(CultureInfo.InvariantCulture), "--tensor-port", TensorPort.ToString(CultureInfo.InvariantCulture),
            "--data", folder.Path, "--runs", folder["runs"], "--store", store, .. coordinators]);
        await process.WaitForAsync("workers join");
        return process;
    }

    public static Distmtl StartWorker(IReadOnlyList<Coordinator> coordinators, Network? network = null, int host = 0) => Distmtl.StartWorkerIn(
        network?.Prefix(host) ?? [], "--join", string.Join(',', coordinators.Select(coordinator => coordinator.Address)), "--host", HostOf(network, host), "--join-timeout", "60");

    private static string HostOf(Network? network, int host) => network is null ? "127.0.0.1" : Network.AddressOf(host);
}
