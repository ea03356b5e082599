namespace DistMtl.EndToEnd.Tests;

/// <summary>
/// Whole runs of the small job, on one worker and undisturbed: what others are compared with. Each is made once, for the
/// first test that asks for it.
/// </summary>
public sealed class ReferenceRuns : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<(string Strategy, int Epochs), string> _runs = [];

    public void Dispose() => _folder.Dispose();

    /// <summary>The folder of the run.</summary>
    public async Task<string> RunAsync(string strategy, int epochs)
    {
        if (_runs.TryGetValue((strategy, epochs), out var known))
            return known;
        var run = _folder[$"{strategy}-{epochs}"];
        var (exitCode, output, errors) = await Distmtl.RunAsync("train", SmallJob.Write(_folder, strategy, epochs), "--workers", "1", "--out", run);
        Assert.True(exitCode == 0, output + errors);
        return _runs[(strategy, epochs)] = run;
    }
}
