using System.CommandLine;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl validate job.yaml</c>: says what is wrong with a job, or in one line what it would train.</summary>
internal static class ValidateCommand
{
    public static Command Create(IReadOnlyList<WeightingDescription> weightings, DataCheck checkData)
    {
        var path = JobLoading.PathArgument();
        var overrides = JobLoading.SetOption();
        var command = new Command("validate", "Checks a job file and the columns of its data, without training.") { path, overrides };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration;
            var jobPath = parsed.GetRequiredValue(path);
            try
            {
                var job = JobLoading.Load(jobPath, parsed.GetRequiredValue(overrides), weightings, checkData);
                output.Output.WriteLine($"{jobPath} is valid: {Summary(job)}");
                return (int)ExitCode.Success;
            }
            catch (JobException exception)
            {
                output.Error.WriteLine(exception.Message);
                return (int)exception.ExitCode;
            }
        });
        return command;
    }

    private static string Summary(JobFile job) => string.Join(", ",
        Count(job.Features.Count, "feature"),
        Count(job.Tasks.Count, "task"),
        job.Model.Architecture == Architecture.Mmoe ? "mmoe" : "shared-bottom",
        job.Weighting.Strategy,
        Count(job.Data.Shards, "shard"));

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
