using System.CommandLine;
using System.Net;
using DistMtl.Coordinator.Service;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Commands;

/// <summary><c>distmtl submit job.yaml --to URL</c>: runs a job on a coordinator service.</summary>
internal static class SubmitCommand
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(10);

    /// <summary>A run that says nothing for so long is asked whether it is still there.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

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
            var submission = new Submission(path, await File.ReadAllTextAsync(path), overrides, workers, Guid.NewGuid().ToString("N"));
            var run = await AnySoonAsync(services, service => SubmitAsync(client, service, submission));
            if (!json)
                await Console.Out.WriteLineAsync($"run {run.Id} is {run.State}; it is left in {run.Directory} on the service");
            return wait ? await WaitAsync(client, services, run.Id, json) : ExitCode.Success;
        }
        catch (Exception e) when (IsLost(e))
        {
            throw new JobException(
                $"the service at {string.Join(", ", services)}: {e.Message} ('distmtl status' tells whether the job was accepted)", ExitCode.Failure, e);
        }
    }

    private static bool IsLost(Exception e) => e is HttpRequestException or TimeoutException or IOException or System.Text.Json.JsonException;

    /// <summary>
    /// Asks one address after another until one answers: a coordinator that stands by sends requests on, and what is asked twice is done once.
    /// A single service that is not there at all, or an address where something else answers, is not waited for.
    /// </summary>
    private static async Task<T> AnySoonAsync<T>(IReadOnlyList<Uri> services, Func<Uri, Task<T>> ask)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; ; i++)
        {
            try
            {
                return await ask(services[i % services.Count]).WaitAsync(AnswerDeadline);
            }
            catch (Exception e) when (IsLost(e))
            {
                var isNobodyThere = services.Count == 1 && e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
                var isNoService = e is HttpRequestException { StatusCode: not null and not HttpStatusCode.ServiceUnavailable };
                if (isNobodyThere || isNoService || TimeProvider.System.GetElapsedTime(began) > TakeOverDeadline)
                    throw;
            }
            await Task.Delay(Pause);
        }
    }

    private static async Task<RunView> SubmitAsync(HttpClient client, Uri service, Submission submission)
    {
        using var answer = await client.PostAsJsonAsync(new Uri(service, "v1/runs"), submission);
        if (answer.StatusCode == HttpStatusCode.BadRequest && await answer.Content.ReadFromJsonAsync<Refusal>() is { } refusal)
            throw new JobException(string.Join('\n', refusal.Problems));
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<RunView>() ?? throw new HttpRequestException("an empty answer");
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
                    while (await ReadLineAsync(reader, client, run) is { } line)
                        await Console.Out.WriteLineAsync(line);
                }
                var view = await client.GetFromJsonAsync<RunView>(run).WaitAsync(AnswerDeadline);
                // One that was interrupted is gone on with by the next coordinator.
                if (view?.ExitCode is { } exitCode && exitCode != (int)ExitCode.Interrupted)
                    return view.Error is { } error ? throw new JobException(error, (ExitCode)exitCode) : (ExitCode)exitCode;
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

    /// <summary>The next line of a stream that may be silent for long, as long as its service answers.</summary>
    /// <exception cref="TimeoutException">It does not.</exception>
    private static async Task<string?> ReadLineAsync(StreamReader reader, HttpClient client, Uri run)
    {
        var line = reader.ReadLineAsync();
        while (await Task.WhenAny(line, Task.Delay(Silence)) != line)
            _ = await client.GetFromJsonAsync<RunView>(run).WaitAsync(AnswerDeadline);
        return await line;
    }
}
