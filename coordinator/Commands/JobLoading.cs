using System.CommandLine;
using DistMtl.Aggregation.Weightings;
using DistMtl.Data;
using DistMtl.Data.Pretrained;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Commands;

/// <summary>The way from a path on the command line to a job that can start.</summary>
internal static class JobLoading
{
    public static Argument<string> PathArgument() => new("job.yaml") { Description = "The job file." };

    public static Option<string[]> SetOption() => new("--set")
    {
        Description = "Overrides one key of the job file: data.train=PATH, tasks.income.label=COLUMN, model.tower=[32,16]. Can be given again.",
        HelpName = "key=value",
        DefaultValueFactory = _ => [],
    };

    /// <exception cref="JobException">All problems of the file and of its data's columns, one per line.</exception>
    public static JobFile Load(string path, IReadOnlyList<string> overrides) =>
        Check(JobFileReader.Read(path, overrides, WeightingTable.Descriptions));

    /// <exception cref="JobException">All problems of what was read and of its data's columns, one per line.</exception>
    public static JobFile Check(JobReading reading)
    {
        var problems = reading.Job is { } job
            ? [.. DataColumns.Check(job).Concat(PretrainedFiles.Check(job)).Select(problem => reading.ProblemAt(problem.KeyPath, problem.Message)), .. WeightingProblems(job, reading)]
            : reading.Problems;
        return problems.Count == 0 ? reading.Job! : throw new JobException(string.Join('\n', problems));
    }

    /// <summary>What a strategy cannot do with its options, known before the data are read.</summary>
    private static IEnumerable<JobProblem> WeightingProblems(JobFile job, JobReading reading)
    {
        try
        {
            var weighting = WeightingTable.Create(new WeightingContext(job.Tasks, job.Weighting, job.Optimizer, job.Seed));
            return job.Training.LocalSteps > 1 && weighting.Need != WeightingNeed.Losses
                ? [reading.ProblemAt("training.localSteps", $"weighting strategy {job.Weighting.Strategy} needs the gradients of all shards, which local steps do not share; take a strategy that is known before them (equal, static, uncertainty, dwa, rlw, ...), or take localSteps out")]
                : [];
        }
        catch (JobException problem)
        {
            return [reading.ProblemAt("weighting", problem.Message)];
        }
    }
}
