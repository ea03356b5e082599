using System.CommandLine;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Report;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl train job.yaml</c>: the coordinator in this process, workers beside it, over loopback.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var path = JobLoading.PathArgument();
        path.Arity = ArgumentArity.ZeroOrOne;
        var overrides = JobLoading.SetOption();
        var workers = new Option<int?>("--workers") { Description = "Worker processes; default: one per core, at most the number of shards." };
        var remote = new Option<int?>("--remote-workers")
        {
            Description = "Starts no worker: waits for so many that join by 'distmtl-worker --join HOST:PORT'.",
        };
        var listen = new ListenOptions();
        var output = new Option<string?>("--out") { Description = "Folder of the run; default: runs/<name>-<time>." };
        var resume = new Option<string?>("--resume") { Description = "Goes on with the run in this folder from its last checkpoint." };
        var json = new Option<bool>("--json") { Description = "One JSON object a line instead of a display." };
        var command = new Command("train", "Trains a job on this machine, on a cluster of worker processes.") { path, overrides, workers, output, resume, json, remote };
        listen.AddTo(command);
        command.Validators.Add(result =>
        {
            var (hasPath, hasResume) = (result.GetValue(path) is not null, result.GetValue(resume) is not null);
            if (hasPath == hasResume)
                result.AddError("train needs a job file, or --resume and the folder of a run (not both)");
            else if (hasResume && (result.GetValue(output) is not null || result.GetValue(overrides) is { Length: > 0 }))
                result.AddError("--resume goes on with a run as it is: it takes neither --out nor --set");
            if (result.GetValue(workers) is < 1 || result.GetValue(remote) is < 1)
                result.AddError("--workers and --remote-workers must be at least 1");
            if (result.GetValue(remote) is null ? listen.AreGiven(result) : result.GetValue(workers) is not null)
                result.AddError("--host, --port and --tensor-port belong to --remote-workers, which excludes --workers");
        });
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(
            parse.GetValue(resume) is { } run ? Resume(run) : New(parse.GetValue(path)!, parse.GetValue(overrides)!, parse.GetValue(output)),
            new WorkerChoice(parse.GetValue(workers), parse.GetValue(remote), listen.Read(parse)),
            parse.GetValue(json))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(RunStart start, WorkerChoice choice, bool json)
    {
        var (job, directory, checkpoint) = start;
        choice.Check(job);
        using var signals = new StopSignals();
        var starting = choice.StartAsync(job, signals.Token);
        var metrics = checkpoint is null ? MetricsLog.Create(directory.MetricsPath) : MetricsLog.Resume(directory.MetricsPath, checkpoint.Step);
        await using var observers = new ObserverChain([metrics, DisplayFactory.Create(json, TimeProvider.System)]);
        try
        {
            var summary = await new TrainingRun(job, directory, observers, TimeProvider.System).RunAsync(starting, checkpoint, signals.Token);
            return summary.Status == RunStatus.Interrupted ? ExitCode.Interrupted : ExitCode.Success;
        }
        finally
        {
            await TrainingCluster.EndAsync(starting);
            HtmlReport.Write(directory);
        }
    }

    private static RunStart New(string path, string[] overrides, string? output)
    {
        var job = JobLoading.Load(path, overrides);
        return new RunStart(job, RunDirectory.Create(job.Name, output, TimeProvider.System), null);
    }

    private static RunStart Resume(string run)
    {
        var directory = RunDirectory.Open(run);
        var latest = new CheckpointStore(directory).FindLatest(warning => Console.Error.WriteLine($"warning: {warning}"))
            ?? throw new JobException($"there is no complete checkpoint in {directory.CheckpointsPath} to go on from");
        var checkpoint = Checkpoint.Read(latest);
        var reading = JobFileReader.Parse(checkpoint.JobYaml, Path.Combine(latest, "job.json"), directory.Root, [], WeightingTable.Descriptions);
        var job = reading.Job ?? throw new JobException(string.Join('\n', reading.Problems));
        return new RunStart(job, directory, checkpoint);
    }

    /// <param name="Checkpoint">Null: from the beginning.</param>
    private sealed record RunStart(JobFile Job, RunDirectory Directory, CheckpointContent? Checkpoint);
}
