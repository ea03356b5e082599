using System.CommandLine;
using System.Globalization;
using System.Net;
using DistMtl.Coordinator.Display;
using DistMtl.Coordinator.Service;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl status --to URL</c>: what a service is doing, what it waits for and since when, and which workers are slow.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var to = new Option<string>("--to") { Description = "The service, such as http://10.0.0.5:8080; where it has several coordinators, all of them, with commas.", Required = true };
        var json = new Option<bool>("--json") { Description = "As one JSON object." };
        var command = new Command("status", "Shows what a coordinator service is doing, and what it waits for.") { to, json };
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(ServiceAddresses.Parse(parse.GetRequiredValue(to)), parse.GetValue(json))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(IReadOnlyList<Uri> services, bool json)
    {
        using var client = ServiceAddresses.Client(AnswerDeadline);
        var problems = new List<string>();
        foreach (var service in services)
        {
            try
            {
                var status = new Uri(service, "v1/status");
                if (json)
                    await Console.Out.WriteLineAsync(await client.GetStringAsync(status));
                else
                    Write(Console.Out, await client.GetFromJsonAsync<ServiceStatus>(status) ?? throw new HttpRequestException("an empty answer"));
                return ExitCode.Success;
            }
            catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                problems.Add($"the service at {service}: no coordinator is at work yet: it is starting, or about to take over; try again soon");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException or System.Text.Json.JsonException)
            {
                problems.Add($"the service at {service}: {(e is TaskCanceledException ? $"no answer within {AnswerDeadline.TotalSeconds:0} s" : e.Message)}");
            }
        }
        throw new JobException(string.Join('\n', problems), ExitCode.Failure);
    }

    internal static void Write(TextWriter output, ServiceStatus status)
    {
        output.WriteLine($"coordinator {status.Node} is at work (term {status.Term}); {NumberText.Plural(status.Workers.Count, "worker")} in the cluster");
        if (status.JobStore is { } problem)
            output.WriteLine($"job store: {problem}");
        if (status.Runs.Count == 0)
            output.WriteLine("no runs; it waits for a job");
        foreach (var run in status.Runs)
            Write(output, run);
    }

    private static void Write(TextWriter output, RunStatusView status)
    {
        var run = status.Run;
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Id}: {run.State}{(run.ExitCode is { } code ? $" with exit code {code}" : "")}{ProgressOf(status)}"));
        if (run.Error is { } error)
            output.WriteLine($"  {error}");
        foreach (var wait in status.Waits)
        {
            output.WriteLine($"  waiting since {wait.Since.ToLocalTime():HH:mm:ss}, {wait with { Missing = [] }}");
            foreach (var missing in wait.Missing)
                output.WriteLine($"    {missing}");
        }
        foreach (var worker in status.Workers)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  worker {worker.Worker}: data shards {string.Join(' ', worker.Shards)}, {worker.RowsPerSecond:#,0} rows/s{(worker.IsSlow ? ", SLOW" : "")}"));
    }

    private static string ProgressOf(RunStatusView status) => status.Step is not { } step ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $", step {step}{(status.TotalSteps is { } total ? $" of {total}" : "")}{(status.Epoch is { } epoch ? $", epoch {epoch}" : "")}{(status.RowsPerSecond is { } rate ? $", {rate:#,0} rows/s" : "")}");
}
