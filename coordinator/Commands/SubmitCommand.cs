using System.CommandLine;
using System.Net;
using DistMtl.Coordinator.Service;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl submit job.yaml --to URL</c>: runs a job on a coordinator service.</summary>
internal static class SubmitCommand
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(30);

    /// <summary>For another coordinator to take over, or for this one to be restarted.</summary>
    private static readonly TimeSpan TakeOverDeadline = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var path = JobLoading.PathArgument();
        var overrides = JobLoading.SetOption();
        var to = new Option<string>("--to") { Description = "The service, such as http://10.0.0.5:8080; where it has several coordinators, all of them, with commas.", Required = true };
        var wait = new Option<bool>("--wait") { Description = "Shows the run and ends with its exit code." };
        var workers = new Option<int?>("--workers") { Description = "Waits for so many workers; default: those that are there." };
        var json = new Option<bool>("--json") { Description = "With --wait: one JSON object a line." };
        var command = new Command("submit", "Submits a job to a coordinator service; its paths are the service's.") { path, overrides, to, wait, workers, json };
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(
            parse.GetRequiredValue(path), parse.GetRequiredValue(overrides), ServiceAddresses.Parse(parse.GetRequiredValue(to)),
            parse.GetValue(workers), parse.GetValue(wait), parse.GetValue(json))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(string path, string[] overrides, IReadOnlyList<Uri> services, int? workers, bool wait, bool json)
    {
        if (!File.Exists(path))
            throw new JobException($"{path}: there is no such job file");
        // Streams last as long as the run; the deadline is each single answer's.
        using var client = ServiceAddresses.Client(Timeout.InfiniteTimeSpan);
        try
        {
            var submission = new Submission(path, await File.ReadAllTextAsync(path), overrides, workers);
            var run = await SubmitAsync(client, services, submission);
            if (!json)
                await Console.Out.WriteLineAsync($"run {run.Id} is {run.State}; it is left in {run.Directory} on the service");
            return wait ? await WaitAsync(client, services, run.Id, json) : ExitCode.Success;
        }
        catch (Exception e) when (IsLost(e))
        {
            throw new JobException($"the service at {string.Join(", ", services)}: {e.Message}", ExitCode.Failure, e);
        }
    }

    private static bool IsLost(Exception e) => e is HttpRequestException or TimeoutException or IOException or System.Text.Json.JsonException;

    /// <summary>To the first that can be reached: one that stands by sends it on to the one at work.</summary>
    private static async Task<RunView> SubmitAsync(HttpClient client, IReadOnlyList<Uri> services, Submission submission)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; ; i++)
        {
            var service = services[i % services.Count];
            try
            {
                using var answer = await client.PostAsJsonAsync(new Uri(service, "v1/runs"), submission).WaitAsync(AnswerDeadline);
                if (answer.StatusCode == HttpStatusCode.BadRequest && await answer.Content.ReadFromJsonAsync<Refusal>() is { } refusal)
                    throw new JobException(string.Join('\n', refusal.Problems));
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || TimeProvider.System.GetElapsedTime(began) > AnswerDeadline)
                {
                    answer.EnsureSuccessStatusCode();
                    return await answer.Content.ReadFromJsonAsync<RunView>() ?? throw new HttpRequestException("an empty answer");
                }
            }
            // Nothing was sent: to ask the next one submits no job twice.
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError && i + 1 < services.Count)
            {
                continue;
            }
            await Task.Delay(Pause);
        }
    }

    /// <summary>Shows the run until its end, whichever coordinator it is with.</summary>
    private static async Task<ExitCode> WaitAsync(HttpClient client, IReadOnlyList<Uri> services, string id, bool json)
    {
        var lost = (long?)null;
        for (var i = 0; ; i++)
        {
            try
            {
                var run = new Uri(services[i % services.Count], $"v1/runs/{id}");
                await using (var stream = await client.GetStreamAsync($"{run}/{(json ? "events" : "log")}").WaitAsync(AnswerDeadline))
                using (var reader = new StreamReader(stream))
                {
                    lost = null;
                    while (await reader.ReadLineAsync() is { } line)
                        await Console.Out.WriteLineAsync(line);
                }
                var view = await client.GetFromJsonAsync<RunView>(run).WaitAsync(AnswerDeadline);
                // One that was interrupted is gone on with by the next coordinator.
                if (view?.ExitCode is { } exitCode && exitCode != (int)ExitCode.Interrupted)
                    return (ExitCode)exitCode;
            }
            catch (Exception e) when (IsLost(e))
            {
                lost ??= TimeProvider.System.GetTimestamp();
                if (TimeProvider.System.GetElapsedTime(lost.Value) > TakeOverDeadline)
                    throw;
            }
            await Task.Delay(Pause);
        }
    }
}
