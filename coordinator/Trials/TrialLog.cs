using System.Text;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Trials;

/// <summary><c>trials.jsonl</c>: a line for each trial that is over. What stands there is not run again.</summary>
internal sealed class TrialLog
{
    private readonly string _path;
    private readonly List<TrialRecord> _records;

    private TrialLog(string path, List<TrialRecord> records) => (_path, _records) = (path, records);

    public IReadOnlyList<TrialRecord> Records => _records;

    /// <summary>The log at a path; none is an empty one. A last line that was cut off by a kill is dropped.</summary>
    /// <exception cref="JobException">A line is not one of such a log.</exception>
    public static TrialLog Open(string path)
    {
        if (!File.Exists(path))
            return new TrialLog(path, []);
        try
        {
            var lines = File.ReadAllLines(path);
            List<TrialRecord> records = [];
            for (var i = 0; i < lines.Length; i++)
            {
                if (TrialRecord.Parse(lines[i]) is { } record)
                    records.Add(record);
                else if (i < lines.Length - 1)
                    throw new JobException($"{path}: line {i + 1} is not JSON");
            }
            AtomicFile.WriteText(path, string.Concat(records.Select(record => record.Line() + '\n')));
            return new TrialLog(path, records);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || JsonText.IsUnexpected(e))
        {
            throw new JobException($"cannot read '{path}': {e.Message}", ExitCode.BadInput, e);
        }
    }

    /// <exception cref="StorageException">It cannot be written; half a line is dropped when the log is opened again.</exception>
    public void Append(TrialRecord record)
    {
        try
        {
            using var file = new FileStream(_path, FileMode.Append, FileAccess.Write);
            file.Write(Encoding.UTF8.GetBytes(record.Line() + '\n'));
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            throw new StorageException($"'{_path}'", e);
        }
        _records.Add(record);
    }

    /// <summary>The record of a trial; null: it is not over.</summary>
    /// <exception cref="JobException">A trial of that name ran another job.</exception>
    public TrialRecord? Find(Trial trial)
    {
        if (_records.Find(record => record.Name == trial.Name) is not { } record)
            return null;
        return record.JobSha256 == trial.JobSha256
            ? record
            : throw new JobException(
                $"{_path}: {trial.Name} was run with another job ({string.Join(", ", record.Overrides)}); the job or this program has changed, so begin anew in another folder");
    }
}
