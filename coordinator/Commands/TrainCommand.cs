using System.CommandLine;
using DistMtl.Coordinator.Cluster;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Tracing;
using DistMtl.Coordinator.Training;
using DistMtl.Protocol;
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
        var trace = new Option<string?>("--trace") { Description = "Writes what took how long in every process: a file for chrome://tracing or Perfetto." };
        var command = new Command("train", "Trains a job on this machine, on a cluster of worker processes.") { path, overrides, workers, output, resume, json, remote, trace };
        listen.AddTo(command);
        command.Validators.Add(result =>
        {
            var (hasPath, hasResume) = (result.GetValue(path) is not null, result.GetValue(resume) is not null);
            if (hasPath == hasResume)
                result.AddError("train needs a job file, or --resume and the folder of a run (not both)");
            else if (hasResume && (result.GetValue(output) is not null || result.GetValue(overrides) is { Length: > 0 }))
                result.AddError("--resume goes on with a run as it is: it takes neither --out nor --set");
            if (result.NumberOf(workers) is < 1 || result.NumberOf(remote) is < 1)
                result.AddError("--workers and --remote-workers must be at least 1");
            if (result.IsGiven(remote) ? result.IsGiven(workers) : listen.AreGiven(result))
                result.AddError("--host, --port and --tensor-port belong to --remote-workers, which excludes --workers");
        });
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(
            parse.GetValue(trace) is { } file ? RunTrace.Start(file, Warn) : null,
            parse.GetValue(resume) is { } run ? RunStart.Resume(RunDirectory.Open(run), Warn) : New(parse.GetValue(path)!, parse.GetValue(overrides)!, parse.GetValue(output)),
            new WorkerChoice(parse.GetValue(workers), parse.GetValue(remote), listen.Read(parse)),
            parse.GetValue(json))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(RunTrace? recording, RunStart start, WorkerChoice choice, bool json)
    {
        using var trace = recording;
        choice.Check(start.Job);
        using var signals = new StopSignals();
        var starting = choice.StartAsync(start.Job, signals.Token);
        try
        {
            var status = start.Job.Training.Folds is null
                ? (await RecordedRun.RunAsync(start, Displays(json), starting, RunSurroundings.Plain with { Trace = trace }, signals.Token)).Status
                : await CrossValidateAsync(start, json, starting, trace, signals.Token);
            return status == RunStatus.Interrupted ? ExitCode.Interrupted : ExitCode.Success;
        }
        catch (JobException e) when (e.ExitCode is ExitCode.ClusterLost or ExitCode.StorageFailed && File.Exists(start.Directory.JobPath))
        {
            throw new JobException($"{e.Message}; 'distmtl train --resume {start.Directory.Root}' goes on with it", e.ExitCode, e);
        }
        finally
        {
            await TrainingCluster.EndAsync(starting);
            trace?.Write();
        }
    }

    private static async Task<RunStatus> CrossValidateAsync(RunStart start, bool json, Task<TrainingCluster> starting, RunTrace? trace, CancellationToken stop)
    {
        var folds = new CrossValidation(start.Job, start.Directory, () => Displays(json), Warn, RunSurroundings.Plain with { Trace = trace });
        var summary = await folds.RunAsync(starting, stop);
        FoldsText.Write(Console.Out, json, summary, start.Directory.Root);
        return summary.Status;
    }

    private static IRunObserver[] Displays(bool json) => [DisplayFactory.Create(json, TimeProvider.System)];

    private static void Warn(string warning) => Console.Error.WriteLine($"warning: {warning}");

    private static RunStart New(string path, string[] overrides, string? output)
    {
        var job = JobLoading.Load(path, overrides);
        return new RunStart(job, RunDirectory.Create(job.Name, output, TimeProvider.System), null);
    }
}
