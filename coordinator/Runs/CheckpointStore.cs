using System.Globalization;

namespace DistMtl.Coordinator.Runs;

/// <summary>The checkpoints of one run: <c>checkpoints/step-&lt;n&gt;/</c>.</summary>
internal sealed class CheckpointStore(RunDirectory run)
{
    /// <summary>The run has none, not even a damaged one.</summary>
    public bool IsEmpty => Steps().Count == 0;

    public string PathOf(int step) => Path.Combine(run.CheckpointsPath, Checkpoint.NameOf(step));

    /// <summary>Writes a checkpoint and gives its folder, which is complete when this returns.</summary>
    /// <exception cref="Protocol.JobException">Tables build on a checkpoint (<see cref="CheckpointContent.TablesSince"/>) that is gone or damaged.</exception>
    /// <exception cref="StorageException">It cannot be written; the half of it is removed, and those before are what they were.</exception>
    public string Write(CheckpointContent content)
    {
        // What could not be removed before takes the space that this one needs.
        RemoveLeftovers();
        var directory = PathOf(content.Step);
        try
        {
            if (!Directory.Exists(run.CheckpointsPath))
            {
                Directory.CreateDirectory(run.CheckpointsPath);
                AtomicFile.FlushDirectory(run.Root);
            }
            Checkpoint.Write(directory, content, content.TablesSince is { } since ? PathOf(since) : null);
            return directory;
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            throw new StorageException($"checkpoint '{directory}'", e);
        }
        finally
        {
            RemoveLeftovers();
        }
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
            catch (Exception damage) when (Checkpoint.IsDamage(damage))
            {
                warn($"checkpoint '{directory}' is skipped: {damage.Message}");
            }
        }
        return null;
    }

    /// <summary>Removes all but the newest and the best.</summary>
    /// <param name="kept">How many of the newest.</param>
    /// <param name="bestStep">Null: there is no best.</param>
    /// <exception cref="IOException">One cannot be removed.</exception>
    public void Prune(int kept, int? bestStep)
    {
        foreach (var step in Steps().Skip(kept).Where(step => step != bestStep))
            Delete(PathOf(step));
    }

    /// <summary>Removes what a run that was killed, or a write that failed, left half written; as far as it can be removed.</summary>
    public void RemoveLeftovers()
    {
        if (!Directory.Exists(run.CheckpointsPath))
            return;
        try
        {
            foreach (var leftover in Directory.EnumerateDirectories(run.CheckpointsPath, $"{Checkpoint.NamePrefix}*{AtomicFile.TemporaryMark}*").ToList())
                Directory.Delete(leftover, recursive: true);
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            // They are in the way of nothing but space, and the next write tries again.
        }
    }

    // Newest first.
    private List<int> Steps()
    {
        if (!Directory.Exists(run.CheckpointsPath))
            return [];
        return
        [
            .. Directory.EnumerateDirectories(run.CheckpointsPath, Checkpoint.NamePrefix + "*")
                .Select(path => Path.GetFileName(path)[Checkpoint.NamePrefix.Length..])
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
