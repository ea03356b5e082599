using System.Threading.Channels;
using DistMtl.Coordinator.Cluster;
using DistMtl.Protocol;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Tracing;

/// <summary>Records this process, asks the workers at the end of a run for what they recorded, and writes all into one file.</summary>
/// <param name="path">Of the file.</param>
/// <param name="warn">Told of workers that do not answer.</param>
internal sealed class RunTrace(string path, Action<string> warn) : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly TraceRecorder _recorder = new(TraceRecorder.DefaultCapacity, TraceSource.Coordinator, TraceSource.Server);
    private readonly List<ProcessTrace> _workers = [];
    private readonly List<string> _missing = [];
    private readonly List<string> _warnings = [];

    /// <summary>Before anything is started.</summary>
    /// <exception cref="JobException">The file can't be written.</exception>
    public static RunTrace Start(string path, Action<string> warn)
    {
        TraceFile.Check(path);
        return new RunTrace(path, warn);
    }

    /// <summary>Fetches the workers' events; who is gone or does not answer is noted, and the trace is without it.</summary>
    public async Task CollectAsync(WorkerFleet fleet)
    {
        var answers = Channel.CreateUnbounded<ProcessTrace>();
        fleet.Route([FrameKind.TraceEvents], (worker, frame, _) =>
        {
            answers.Writer.TryWrite(Read(worker, frame));
            return Task.CompletedTask;
        });
        using var deadline = new CancellationTokenSource(Deadline);
        var waiting = new HashSet<string>();
        try
        {
            foreach (var worker in fleet.All)
            {
                if (await AskAsync(fleet, worker, deadline.Token))
                    waiting.Add(worker);
                else
                    Miss(worker, "is gone");
            }
            while (waiting.Count > 0)
            {
                var answer = await answers.Reader.ReadAsync(deadline.Token);
                waiting.Remove(answer.Name);
                _workers.Add(answer with { Name = $"worker {answer.Name}" });
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var worker in waiting)
                Miss(worker, $"did not answer within {Deadline.TotalSeconds:0} s");
        }
    }

    /// <summary>Writes the file.</summary>
    public void Write()
    {
        // Only now: a display may have been there before.
        foreach (var warning in _warnings)
            warn(warning);
        var (events, dropped) = _recorder.Take();
        TraceFile.Write(path, [new ProcessTrace("coordinator", events, dropped), .. _workers], _missing);
    }

    public void Dispose() => _recorder.Dispose();

    private static async Task<bool> AskAsync(WorkerFleet fleet, string worker, CancellationToken cancellation)
    {
        try
        {
            await fleet.SendAsync(worker, FrameKind.FetchTrace, new ServerOrderHeader(fleet.Placement.Generation, 0, 0), default, cancellation);
            return true;
        }
        catch (JobException)
        {
            // The run has its reason already, or none: a trace is no reason to fail.
            return false;
        }
    }

    private void Miss(string worker, string why)
    {
        _missing.Add(worker);
        _warnings.Add($"the trace is without worker {worker}, which {why}");
    }

    private static ProcessTrace Read(string worker, Frame frame)
    {
        try
        {
            return new ProcessTrace(worker, TraceEvent.Read(frame.Payload.GetSpan()), frame.Header<TraceEventsHeader>().Dropped);
        }
        catch (InvalidDataException e)
        {
            throw new FrameException($"worker {worker}: {e.Message}", e);
        }
    }
}
