using System.Globalization;

namespace DistMtl.EndToEnd.Tests;

/// <summary>Where one coordinator of a service listens, and how it is started, any number of times.</summary>
internal sealed class Coordinator(TemporaryFolder folder, string store)
{
    private static readonly Dictionary<string, string> s_calm = [];

    public string Http { get; } = $"http://127.0.0.1:{Repository.FreePort()}";

    public string Address => $"127.0.0.1:{Port}";

    private int Port { get; } = Repository.FreePort();

    private int TensorPort { get; } = Repository.FreePort();

    /// <param name="peers">All coordinators; empty: this is the only one.</param>
    /// <param name="variables">Of its environment, such as its faults; null: none.</param>
    /// <returns>When it is a member of the cluster.</returns>
    public async Task<Distmtl> StartAsync(IReadOnlyList<Coordinator> peers, Dictionary<string, string>? variables = null)
    {
        string[] coordinators = peers.Count == 0 ? [] : ["--coordinators", string.Join(',', peers.Select(peer => peer.Address))];
        var process = Distmtl.StartWith(variables ?? s_calm, [
            "serve", "--http", Http, "--port", Port.ToString(CultureInfo.InvariantCulture), "--tensor-port", TensorPort.ToString(CultureInfo.InvariantCulture),
            "--data", folder.Path, "--runs", folder["runs"], "--store", store, .. coordinators]);
        await process.WaitForAsync("workers join");
        return process;
    }

    public static Distmtl StartWorker(IReadOnlyList<Coordinator> coordinators) =>
        Distmtl.StartWorker("--join", string.Join(',', coordinators.Select(coordinator => coordinator.Address)), "--join-timeout", "60");
}
