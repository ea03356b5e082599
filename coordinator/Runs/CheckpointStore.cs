using System.Globalization;

namespace DistMtl.Coordinator.Runs;

/// <summary>The checkpoints of one run: <c>checkpoints/step-&lt;n&gt;/</c>.</summary>
internal sealed class CheckpointStore(RunDirectory run)
{
    private const string Prefix = "step-";
    private const int NewestKept = 2;

    public string PathOf(int step) =>
        Path.Combine(run.CheckpointsPath, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step}"));

    /// <summary>Writes a checkpoint and gives its folder, which is complete when this returns.</summary>
    /// <exception cref="Protocol.JobException">Tables build on a checkpoint (<see cref="CheckpointContent.TablesSince"/>) that is gone or damaged.</exception>
    public string Write(CheckpointContent content)
    {
        var directory = PathOf(content.Step);
        Checkpoint.Write(directory, content, content.TablesSince is { } since ? PathOf(since) : null);
        return directory;
    }

    /// <summary>The newest checkpoint that is complete and undamaged; null: there is none.</summary>
    /// <param name="warn">Told about each one that had to be skipped.</param>
    public string? FindLatest(Action<string> warn)
    {
        foreach (var step in Steps())
        {
            var directory = PathOf(step);
            try
            {
                Checkpoint.Verify(directory);
                return directory;
            }
            catch (Exception damage) when (damage is InvalidDataException or IOException)
            {
                warn($"checkpoint '{directory}' is skipped: {damage.Message}");
            }
        }
        return null;
    }

    /// <summary>Removes all but the newest two and the best.</summary>
    /// <param name="bestStep">Null: there is no best.</param>
    public void Prune(int? bestStep)
    {
        foreach (var step in Steps().Skip(NewestKept).Where(step => step != bestStep))
            Delete(PathOf(step));
    }

    /// <summary>Removes what a run that was killed left half written. Call it before the first write.</summary>
    public void RemoveLeftovers()
    {
        if (!Directory.Exists(run.CheckpointsPath))
            return;
        foreach (var leftover in Directory.EnumerateDirectories(run.CheckpointsPath, $"{Prefix}*{AtomicFile.TemporaryMark}*").ToList())
            Directory.Delete(leftover, recursive: true);
    }

    // Newest first.
    private List<int> Steps()
    {
        if (!Directory.Exists(run.CheckpointsPath))
            return [];
        return
        [
            .. Directory.EnumerateDirectories(run.CheckpointsPath, Prefix + "*")
                .Select(path => Path.GetFileName(path)[Prefix.Length..])
                .Where(digits => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(digits => int.Parse(digits, CultureInfo.InvariantCulture))
                .OrderDescending(),
        ];
    }

    // Renamed first: a folder that is half deleted must not pass for a damaged checkpoint.
    private static void Delete(string directory)
    {
        var leftover = AtomicFile.Beside(directory);
        Directory.Move(directory, leftover);
        Directory.Delete(leftover, recursive: true);
    }
}
