using System.Text;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// Writes <c>metrics.jsonl</c>: a line for each step and each evaluation. Every line is one write to the operating
/// system (some microseconds, once a step), so that other programs can follow the file and only a crash of the machine
/// loses any of it. Lines that cannot be written (the disk is full) are no reason to stop training: they are written with
/// those that follow, from where the last whole line ends.
/// </summary>
internal sealed class MetricsLog : IRunObserver, IDisposable
{
    private readonly string _path;
    private Queue<string> _unwritten = [];
    private FileStream _file;
    private long _length;
    private IReadOnlyList<string> _tasks = [];

    private MetricsLog(string path, FileMode mode)
    {
        (_path, _file) = (path, Open(path, mode));
        _length = _file.Length;
    }

    /// <summary>The log of a new run.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static MetricsLog Create(string path) => new(path, FileMode.Create);

    /// <summary>
    /// The log of a run that goes on after <paramref name="step"/> steps: lines of later steps are dropped, since they
    /// will be written again, and so is a last line that was cut off, or any other that is none.
    /// </summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static MetricsLog Resume(string path, int step)
    {
        if (File.Exists(path))
            Cut(path, step);
        return new MetricsLog(path, FileMode.OpenOrCreate);
    }

    public void On(RunEvent e)
    {
        if (e is RunStarted started)
            _tasks = started.Tasks;
        if (e is StepCompleted or EvaluationCompleted)
        {
            _unwritten.Enqueue(RunEventJson.Line(e, _tasks) + '\n');
            TryWrite();
        }
        if (e is RunRewound rewound)
            Rewind(rewound.Step);
    }

    /// <summary>Writes what could not be written before, and flushes all to disk.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public void Complete()
    {
        try
        {
            Write();
            _file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            throw new StorageException($"'{_path}'", e);
        }
    }

    public void Dispose()
    {
        TryWrite();
        _file.Dispose();
    }

    private void TryWrite()
    {
        try
        {
            Write();
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            // The next line tries again, and Complete says so.
        }
    }

    private void Write()
    {
        while (_unwritten.TryPeek(out var line))
        {
            var bytes = Encoding.UTF8.GetBytes(line);
            // What a write that failed has left behind the last whole line is overwritten.
            _file.Position = _length;
            _file.Write(bytes);
            _length += bytes.Length;
            _unwritten.Dequeue();
        }
    }

    private void Rewind(int step)
    {
        _unwritten = new(_unwritten.Where(line => IsUntil(line, step)));
        _file.Dispose();
        Cut(_path, step);
        _file = Open(_path, FileMode.OpenOrCreate);
        _length = _file.Length;
    }

    private static void Cut(string path, int step) => AtomicFile.Write(path, stream => CopyUntil(path, step, stream));

    private static FileStream Open(string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (StorageException.IsReason(e))
        {
            throw new StorageException($"'{path}'", e);
        }
    }

    private static void CopyUntil(string path, int step, Stream target)
    {
        foreach (var line in File.ReadLines(path).Where(line => IsUntil(line, step)))
            target.Write(Encoding.UTF8.GetBytes(line + '\n'));
    }

    /// <summary>No line that something else has damaged.</summary>
    private static bool IsUntil(string line, int step) => JsonText.TryRead(line, root => root.GetProperty("step").GetInt32(), out var of) && of <= step;
}
