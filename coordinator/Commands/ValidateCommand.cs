using System.CommandLine;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl validate job.yaml</c>: says what is wrong with a job, or in one line what it would train.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var path = JobLoading.PathArgument();
        var overrides = JobLoading.SetOption();
        var command = new Command("validate", "Checks a job file and the columns of its data, without training.") { path, overrides };
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(parse.InvocationConfiguration.Output, parse.GetRequiredValue(path), parse.GetRequiredValue(overrides))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(TextWriter output, string path, string[] overrides)
    {
        await output.WriteLineAsync($"{path} is valid: {Summary(JobLoading.Load(path, overrides))}");
        return ExitCode.Success;
    }

    private static string Summary(JobFile job) => string.Join(", ",
        Count(job.Features.Count, "feature"),
        Count(job.Tasks.Count, "task"),
        job.Model.Architecture == Architecture.Mmoe ? "mmoe" : "shared-bottom",
        job.Weighting.Strategy,
        Count(job.Data.Shards, "shard"));

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
