using System.Collections.Concurrent;
using System.Threading.Channels;
using Akka.Cluster;
using DistMtl.Aggregation.Weightings;
using DistMtl.Clustering;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Commands;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Store;
using DistMtl.Coordinator.Training;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Messages;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Service;

/// <summary>
/// Runs submitted jobs one after another on the workers that have joined. What was submitted is in the job store first, so that
/// whoever is at work next, this coordinator restarted or another one, goes on with it from its last checkpoint.
/// </summary>
/// <param name="dataFolder">What the paths of submitted job files are relative to.</param>
/// <param name="runsFolder">Where runs are left; all coordinators share it.</param>
internal sealed class RunQueue(ClusterNode node, JobStore store, string dataFolder, string runsFolder, TimeProvider time) : IDisposable
{
    /// <summary>In the status.</summary>
    private const int EndedShown = 3;

    /// <summary>A run that takes its coordinator along is not begun for ever: the others wait behind it.</summary>
    private const int MaxFruitless = 10;

    private readonly ConcurrentDictionary<string, ServiceRun> _runs = new();
    private readonly SemaphoreSlim _submitting = new(1);
    private readonly Channel<ServiceRun> _queue = Channel.CreateUnbounded<ServiceRun>(new UnboundedChannelOptions { SingleReader = true });

    public bool IsAtWork => store.AtWork.IsCompletedSuccessfully && !store.Lost.IsCompleted;

    public IReadOnlyList<ServiceRun> Runs => [.. _runs.Values.OrderBy(run => run.Id, StringComparer.Ordinal)];

    public ServiceRun? Find(string id) => _runs.GetValueOrDefault(id);

    /// <summary>How many workers are members of the cluster now.</summary>
    public int WorkersUp => WorkerNames.Count;

    private IReadOnlyList<string> WorkerNames =>
        [.. Akka.Cluster.Cluster.Get(node.System).State.Members.Where(member => member.Status == MemberStatus.Up && member.HasRole(Roles.Worker)).Select(member => NodeName.Of(member.Address))];

    public ServiceStatus Status() => new(
        store.Node, store.Term ?? 0, WorkerNames, store.Problem,
        [.. Runs.Where(run => run.State != ServiceRunState.Ended).Concat(Runs.Where(run => run.State == ServiceRunState.Ended).TakeLast(EndedShown)).Select(RunStatusView.Of)]);

    /// <exception cref="JobException">The job can't run (all problems, one per line), or the job store did not take it.</exception>
    public async Task<ServiceRun> SubmitAsync(Submission submission)
    {
        var job = Read(submission);
        await _submitting.WaitAsync();
        try
        {
            if (submission.Id is { } id && _runs.Values.FirstOrDefault(run => run.Submitted.Submission == id) is { } known)
                return known;
            var directory = RunDirectory.Create(job.Name, null, time, runsFolder);
            var submitted = new RunSubmitted(Path.GetFileName(directory.Root), submission.Name, submission.Job, [.. submission.Set], submission.Workers, submission.Id);
            await store.WriteAsync(submitted, CancellationToken.None);
            var run = new ServiceRun(submitted, directory);
            Queue(run);
            return run;
        }
        finally
        {
            _submitting.Release();
        }
    }

    /// <summary>Waits until this coordinator is at work, then goes on with what there is to do.</summary>
    public async Task RunAllAsync(CancellationToken stop)
    {
        try
        {
            var state = await store.AtWork.WaitAsync(stop);
            node.BeginTerm(state.Term);
            foreach (var stored in state.Runs)
                await TakeAsync(stored);
            await foreach (var run in _queue.Reader.ReadAllAsync(stop))
                await RunAsync(run, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The service ends; the run that was going on has left a checkpoint.
        }
    }

    public void Dispose() => _submitting.Dispose();

    private JobFile Read(Submission submission)
    {
        var job = JobLoading.Check(JobFileReader.Parse(
            submission.Job, submission.Name, dataFolder, submission.Set, WeightingTable.Descriptions));
        new WorkerChoice(null, submission.Workers, NodeAddress.Loopback).Check(job);
        return job;
    }

    private async Task TakeAsync(StoredRun stored)
    {
        var run = new ServiceRun(stored.Submitted, RunDirectory.Reopen(Path.Combine(runsFolder, stored.Submitted.Run)));
        if (stored.End is { } end)
            _runs[run.Id] = run.Ended((ExitCode)end.ExitCode, end.Error);
        // This term has begun with it, too.
        else if (stored.Fruitless > MaxFruitless)
        {
            var error = $"{MaxFruitless} coordinators in a row ended while they had this run, before it had {(stored.Step is null ? "a checkpoint" : "another checkpoint")}; it is not begun again. "
                + "If it is what ended them (memory?), submit it anew with less of what it needs, or with a smaller training.checkpointEvery";
            await FinishAsync(run, ExitCode.ClusterLost, error);
            _runs[run.Id] = run.Ended(ExitCode.ClusterLost, error);
        }
        else
            Queue(run);
    }

    private void Queue(ServiceRun run)
    {
        _runs[run.Id] = run;
        _queue.Writer.TryWrite(run);
    }

    private async Task RunAsync(ServiceRun run, CancellationToken stop)
    {
        run.State = ServiceRunState.Running;
        try
        {
            var status = await TrainAsync(run, stop);
            // One that was interrupted waits for the next coordinator.
            if (status != RunStatus.Interrupted)
                await FinishAsync(run, ExitCode.Success, null);
            run.Ended(status == RunStatus.Interrupted ? ExitCode.Interrupted : ExitCode.Success, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its folder or its data: the next run has its own.
            await FinishAsync(run, ExitCode.Failure, e.Message);
            run.Ended(ExitCode.Failure, e.Message);
        }
        catch (JobException e) when (e.ExitCode != ExitCode.CutOff)
        {
            await FinishAsync(run, e.ExitCode, e.Message);
            run.Ended(e.ExitCode, e.Message);
        }
        finally
        {
            if (run.State != ServiceRunState.Ended)
                run.Ended(ExitCode.Failure, null);
        }
    }

    private Task FinishAsync(ServiceRun run, ExitCode exitCode, string? error) =>
        store.WriteAsync(new RunFinished(run.Id, (int)exitCode, error, store.Term ?? 0), CancellationToken.None);

    private async Task<RunStatus> TrainAsync(ServiceRun run, CancellationToken stop)
    {
        var text = run.Text.Writer();
        var job = Read(run.Submission);
        var start = File.Exists(run.Directory.JobPath)
            ? RunStart.Resume(run.Directory, warning => text.WriteLine($"warning: {warning}"))
            : new RunStart(job, run.Directory, null);
        var workers = run.Submission.Workers ?? Math.Clamp(WorkersUp, 1, job.Data.Shards);
        var cluster = Task.FromResult(new TrainingCluster(node, workers, Local: null, OwnsNode: false));
        return start.Job.Training.Folds is null
            ? (await RecordedRun.RunAsync(start, Displays(run), cluster, SurroundingsOf(run), stop)).Status
            : await CrossValidateAsync(run, start, cluster, stop);
    }

    private async Task<RunStatus> CrossValidateAsync(ServiceRun run, RunStart start, Task<TrainingCluster> cluster, CancellationToken stop)
    {
        var text = run.Text.Writer();
        var folds = new CrossValidation(start.Job, run.Directory, () => Displays(run), text.WriteLine, SurroundingsOf(run));
        var summary = await folds.RunAsync(cluster, stop);
        FoldsText.Write(text, json: false, summary, run.Directory.Root);
        FoldsText.Write(run.Events.Writer(), json: true, summary, run.Directory.Root);
        return summary.Status;
    }

    private RunSurroundings SurroundingsOf(ServiceRun run) => new(time) { Committer = new RunCommitter(store, run.Id), Monitor = run.Monitor };

    private static IReadOnlyList<IRunObserver> Displays(ServiceRun run) =>
        [new PlainDisplay(run.Text.Writer(), run.Text.Writer()), new JsonDisplay(run.Events.Writer())];
}
