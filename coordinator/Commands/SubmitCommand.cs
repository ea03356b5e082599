using System.CommandLine;
using System.Net;
using DistMtl.Coordinator.Service;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl submit job.yaml --to URL</c>: runs a job on a coordinator service.</summary>
internal static class SubmitCommand
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var path = JobLoading.PathArgument();
        var overrides = JobLoading.SetOption();
        var to = new Option<string>("--to") { Description = "The service, such as http://10.0.0.5:8080.", Required = true };
        var wait = new Option<bool>("--wait") { Description = "Shows the run and ends with its exit code." };
        var workers = new Option<int?>("--workers") { Description = "Waits for so many workers; default: those that are there." };
        var json = new Option<bool>("--json") { Description = "With --wait: one JSON object a line." };
        var command = new Command("submit", "Submits a job to a coordinator service; its paths are the service's.") { path, overrides, to, wait, workers, json };
        command.SetAction((parse, _) => Errors.ReportAsync(parse, () => RunAsync(
            parse.GetRequiredValue(path), parse.GetRequiredValue(overrides), ServiceAt(parse.GetRequiredValue(to)),
            parse.GetValue(workers), parse.GetValue(wait), parse.GetValue(json))));
        return command;
    }

    private static async Task<ExitCode> RunAsync(string path, string[] overrides, Uri to, int? workers, bool wait, bool json)
    {
        if (!File.Exists(path))
            throw new JobException($"{path}: there is no such job file");
        // Streams last as long as the run; the deadline is each single answer's.
        using var client = new HttpClient { BaseAddress = to, Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            var submission = new Submission(path, await File.ReadAllTextAsync(path), overrides, workers);
            using var answer = await client.PostAsJsonAsync("v1/runs", submission).WaitAsync(AnswerDeadline);
            if (answer.StatusCode == HttpStatusCode.BadRequest && await answer.Content.ReadFromJsonAsync<Refusal>() is { } refusal)
                throw new JobException(string.Join('\n', refusal.Problems));
            answer.EnsureSuccessStatusCode();
            var run = await answer.Content.ReadFromJsonAsync<RunView>() ?? throw new HttpRequestException("an empty answer");
            if (!json)
                await Console.Out.WriteLineAsync($"run {run.Id} is {run.State}; it is left in {run.Directory} on the service");
            return wait ? await WaitAsync(client, run.Id, json) : ExitCode.Success;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException or System.Text.Json.JsonException)
        {
            throw new JobException($"the service at {to}: {e.Message}", ExitCode.Failure, e);
        }
    }

    private static Uri ServiceAt(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme.StartsWith("http", StringComparison.Ordinal)
            ? url
            : throw new JobException($"--to is '{text}'; it must be an address such as http://10.0.0.5:8080");

    private static async Task<ExitCode> WaitAsync(HttpClient client, string id, bool json)
    {
        await using (var stream = await client.GetStreamAsync($"v1/runs/{id}/{(json ? "events" : "log")}"))
        using (var reader = new StreamReader(stream))
        {
            while (await reader.ReadLineAsync() is { } line)
                await Console.Out.WriteLineAsync(line);
        }
        var run = await client.GetFromJsonAsync<RunView>($"v1/runs/{id}").WaitAsync(AnswerDeadline);
        return run?.ExitCode is { } exitCode ? (ExitCode)exitCode : throw new HttpRequestException("the stream broke off before the run ended");
    }
}
