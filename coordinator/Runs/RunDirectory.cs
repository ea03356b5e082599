using System.Globalization;
using DistMtl.Protocol;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>The folder that a run leaves behind; its names are promised to users.</summary>
internal sealed class RunDirectory
{
    public const string DefaultRoot = "runs";

    private RunDirectory(string path) => Root = Path.GetFullPath(path);

    /// <summary>Absolute.</summary>
    public string Root { get; }

    public string JobPath => Path.Combine(Root, "job.yaml");

    public string MetricsPath => Path.Combine(Root, "metrics.jsonl");

    public string SummaryPath => Path.Combine(Root, "summary.json");

    public string LedgerPath => Path.Combine(Root, "ledger.csv");

    public string ReportPath => Path.Combine(Root, "report.html");

    public string CheckpointsPath => Path.Combine(Root, "checkpoints");

    /// <summary>Makes the folder of a new run: <paramref name="output"/>, or <c>runs/&lt;name&gt;-&lt;time&gt;</c>.</summary>
    /// <param name="output">What <c>--out</c> names; null: below <paramref name="root"/>.</param>
    /// <exception cref="JobException"><paramref name="output"/> is a file or a folder that is not empty.</exception>
    public static RunDirectory Create(string jobName, string? output, TimeProvider time, string root = DefaultRoot)
    {
        var path = output ?? FreePath(jobName, time, root);
        if (File.Exists(path))
            throw new JobException($"cannot write the run to '{path}': it is a file; name a new or an empty folder with --out");
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new JobException(
                $"cannot write the run to '{path}': the folder is not empty; name a new one with --out, or go on with the run in it with --resume");
        }
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new JobException($"cannot write the run to '{path}': {failure.Message}", ExitCode.BadInput, failure);
        }
        return new RunDirectory(path);
    }

    /// <summary>The folder of an earlier run, to go on with it or to report on it.</summary>
    /// <exception cref="JobException">It is not there, or holds no run.</exception>
    public static RunDirectory Open(string path)
    {
        if (!Directory.Exists(path))
            throw new JobException($"there is no run folder '{path}'");
        var directory = new RunDirectory(path);
        if (!File.Exists(directory.JobPath))
            throw new JobException($"'{path}' is not a run folder: it has no job.yaml");
        return directory;
    }

    /// <summary>The folder of a run that was accepted earlier; it is made where it is missing.</summary>
    /// <exception cref="StorageException">It cannot be made.</exception>
    public static RunDirectory Reopen(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            throw new StorageException($"'{path}'", e);
        }
        return new RunDirectory(path);
    }

    /// <summary>The folder of one fold's run in that of a cross-validation; it is made where it is missing.</summary>
    /// <param name="fold">1 for the first.</param>
    public RunDirectory Fold(int fold) => Reopen(Path.Combine(Root, FoldName(fold)));

    public static string FoldName(int fold) => string.Create(CultureInfo.InvariantCulture, $"fold-{fold}");

    public void WriteJob(string yaml) => AtomicFile.WriteText(JobPath, yaml);

    public void WriteSummary(RunSummary summary) => AtomicFile.WriteText(SummaryPath, SummaryJson.Write(summary));

    public void WriteSummary(FoldsSummary summary) => AtomicFile.WriteText(SummaryPath, FoldsSummaryJson.Write(summary));

    /// <exception cref="JobException">There is none, or it is not one.</exception>
    public RunSummary ReadSummary() => SummaryJson.Read(SummaryPath);

    // Two runs of one job may start within a second.
    private static string FreePath(string jobName, TimeProvider time, string root)
    {
        var stamp = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        var path = Path.Combine(root, $"{jobName}-{stamp}");
        for (var i = 2; Path.Exists(path); i++)
            path = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{jobName}-{stamp}-{i}"));
        return path;
    }
}
