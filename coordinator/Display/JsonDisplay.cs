using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Display;

/// <summary>For programs (<c>--json</c>): every event is one line of JSON, and nothing else is written.</summary>
internal sealed class JsonDisplay(TextWriter output) : IRunObserver
{
    private IReadOnlyList<string> _tasks = [];

    public void On(RunEvent e)
    {
        if (e is RunStarted started)
            _tasks = started.Tasks;
        output.Write(RunEventJson.Line(e, _tasks) + '\n');
        output.Flush();
    }
}
