using System.Collections.Concurrent;
using System.Threading.Channels;
using Akka.Cluster;
using DistMtl.Aggregation.Weightings;
using DistMtl.Clustering;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Commands;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Report;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Service;

/// <summary>Runs submitted jobs one after another on the workers that have joined.</summary>
/// <param name="dataFolder">What the paths of submitted job files are relative to.</param>
/// <param name="runsFolder">Where runs are left.</param>
internal sealed class RunQueue(ClusterNode node, string dataFolder, string runsFolder, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, ServiceRun> _runs = new();
    private readonly Channel<ServiceRun> _queue = Channel.CreateUnbounded<ServiceRun>(new UnboundedChannelOptions { SingleReader = true });

    public IReadOnlyList<ServiceRun> Runs => [.. _runs.Values.OrderBy(run => run.Id, StringComparer.Ordinal)];

    public ServiceRun? Find(string id) => _runs.GetValueOrDefault(id);

    /// <summary>How many workers are members of the cluster now.</summary>
    public int WorkersUp => Akka.Cluster.Cluster.Get(node.System).State.Members.Count(member => member.Status == MemberStatus.Up && member.HasRole(Roles.Worker));

    /// <exception cref="JobException">The job can't run; all problems, one per line.</exception>
    public ServiceRun Submit(Submission submission)
    {
        var job = JobLoading.Check(JobFileReader.Parse(
            submission.Job, submission.Name, dataFolder, submission.Set, WeightingTable.Descriptions));
        new WorkerChoice(null, submission.Workers, NodeAddress.Loopback).Check(job);
        var directory = RunDirectory.Create(job.Name, null, time, runsFolder);
        var run = new ServiceRun(Path.GetFileName(directory.Root), job, directory, submission.Workers);
        _runs[run.Id] = run;
        _queue.Writer.TryWrite(run);
        return run;
    }

    public async Task RunAllAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var run in _queue.Reader.ReadAllAsync(stop))
                await RunAsync(run, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The service ends; the run that was going on has left a checkpoint.
        }
    }

    private async Task RunAsync(ServiceRun run, CancellationToken stop)
    {
        run.State = ServiceRunState.Running;
        var text = run.Text.Writer();
        try
        {
            await using var observers = new ObserverChain([
                MetricsLog.Create(run.Directory.MetricsPath), new PlainDisplay(text, text), new JsonDisplay(run.Events.Writer())]);
            var workers = run.Workers ?? Math.Clamp(WorkersUp, 1, run.Job.Data.Shards);
            var cluster = Task.FromResult(new TrainingCluster(node, workers, Local: null, OwnsNode: false));
            var summary = await new TrainingRun(run.Job, run.Directory, observers, time).RunAsync(cluster, resume: null, stop);
            run.ExitCode = summary.Status == RunStatus.Interrupted ? ExitCode.Interrupted : ExitCode.Success;
        }
        catch (JobException e)
        {
            (run.ExitCode, run.Error) = (e.ExitCode, e.Message);
        }
        finally
        {
            run.ExitCode ??= ExitCode.Failure;
            HtmlReport.Write(run.Directory);
            run.State = ServiceRunState.Ended;
            run.Text.End();
            run.Events.End();
        }
    }
}
