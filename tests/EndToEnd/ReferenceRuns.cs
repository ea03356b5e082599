using System.Globalization;

namespace DistMtl.EndToEnd.Tests;

/// <summary>
/// Whole runs of the small job, on one worker and undisturbed: what others are compared with. Each is made once, for the
/// first test that asks for it.
/// </summary>
public sealed class ReferenceRuns : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<(string Strategy, int Epochs, int? MaxSteps), string> _runs = [];

    public void Dispose() => _folder.Dispose();

    /// <summary>The folder of the run.</summary>
    public async Task<string> RunAsync(string strategy, int epochs, int? maxSteps = null)
    {
        if (_runs.TryGetValue((strategy, epochs, maxSteps), out var known))
            return known;
        string[] more = maxSteps is null ? [] : ["--set", string.Create(CultureInfo.InvariantCulture, $"training.maxSteps={maxSteps}")];
        var run = _folder[$"{strategy}-{epochs}-{maxSteps}"];
        var (exitCode, output, errors) = await Distmtl.RunAsync(["train", SmallJob.Write(_folder, strategy, epochs), "--workers", "1", "--out", run, .. more]);
        Assert.True(exitCode == 0, output + errors);
        return _runs[(strategy, epochs, maxSteps)] = run;
    }
}
