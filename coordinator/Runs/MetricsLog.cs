using System.Text;
using System.Text.Json;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// Writes <c>metrics.jsonl</c>: a line for each step and each evaluation. Every line is one write to the operating
/// system (some microseconds, once a step), so that other programs can follow the file and only a crash of the machine
/// loses any of it.
/// </summary>
internal sealed class MetricsLog : IRunObserver, IDisposable
{
    private readonly string _path;
    private FileStream _file;
    private IReadOnlyList<string> _tasks = [];

    private MetricsLog(string path, FileMode mode) => (_path, _file) = (path, Open(path, mode));

    /// <summary>The log of a new run.</summary>
    public static MetricsLog Create(string path) => new(path, FileMode.Create);

    /// <summary>
    /// The log of a run that goes on after <paramref name="step"/> steps: lines of later steps are dropped, since they
    /// will be written again, and so is a last line that was cut off.
    /// </summary>
    public static MetricsLog Resume(string path, int step)
    {
        if (File.Exists(path))
            Cut(path, step);
        return new MetricsLog(path, FileMode.Append);
    }

    public void On(RunEvent e)
    {
        if (e is RunStarted started)
            _tasks = started.Tasks;
        if (e is StepCompleted or EvaluationCompleted)
            _file.Write(Encoding.UTF8.GetBytes(RunEventJson.Line(e, _tasks) + '\n'));
        if (e is RunRewound rewound)
            Rewind(rewound.Step);
        if (e is RunEnded)
            _file.Flush(flushToDisk: true);
    }

    public void Dispose() => _file.Dispose();

    private void Rewind(int step)
    {
        _file.Dispose();
        Cut(_path, step);
        _file = Open(_path, FileMode.Append);
    }

    private static void Cut(string path, int step) => AtomicFile.Write(path, stream => CopyUntil(path, step, stream));

    private static FileStream Open(string path, FileMode mode) =>
        new(path, mode, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    private static void CopyUntil(string path, int step, Stream target)
    {
        foreach (var line in File.ReadLines(path).Where(line => StepOf(line) <= step))
            target.Write(Encoding.UTF8.GetBytes(line + '\n'));
    }

    private static int? StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetInt32();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
