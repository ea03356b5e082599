using System.Globalization;
using System.Text.Json;

namespace DistMtl.Benchmarks.Contestants;

/// <summary>The same model on PyTorch, alone or under DistributedDataParallel over gloo.</summary>
internal sealed class PeerContestant(string name, PeerScript script, int processes, bool sparse) : IContestant
{
    /// <summary>Nothing is compiled on the way: what the script takes by itself.</summary>
    private const int PeerWarmUpSteps = 10;

    public string Name => name;

    public async Task<double?> RunAsync(int warmUpSteps, int steps, CancellationToken cancellation)
    {
        if (script.Missing is not null)
            return null;
        string[] arguments =
        [
            script.Path,
            "--world", processes.ToString(CultureInfo.InvariantCulture),
            "--steps", Math.Max(steps / 2, 1).ToString(CultureInfo.InvariantCulture),
            "--warmup", Math.Min(warmUpSteps, PeerWarmUpSteps).ToString(CultureInfo.InvariantCulture),
            .. sparse ? (ReadOnlySpan<string>)["--sparse"] : [],
        ];
        var output = await ChildProcess.RunAsync(script.Python, arguments, cancellation);
        using var document = JsonDocument.Parse(output[^1]);
        return document.RootElement.GetProperty("samples_per_second").GetDouble();
    }
}
