using DistMtl.Protocol;

namespace DistMtl.Coordinator.Service;

/// <summary>
/// The service over HTTP: <c>POST /v1/runs</c> submits, <c>GET /v1/runs/{id}</c> tells the state, <c>/log</c> and
/// <c>/events</c> below it stream text and JSON lines until the run has ended, <c>GET /healthz</c> says that it is up.
/// </summary>
internal static class RunApi
{
    public static void Map(WebApplication app, RunQueue queue)
    {
        app.MapGet("/healthz", () => Results.Json(new { status = "ok", workers = queue.WorkersUp }));
        app.MapGet("/v1/runs", () => queue.Runs.Select(RunView.Of));
        app.MapPost("/v1/runs", (Submission submission) => Submit(queue, submission));
        app.MapGet("/v1/runs/{id}", (string id) => queue.Find(id) is { } run ? Results.Json(RunView.Of(run)) : Results.NotFound());
        app.MapGet("/v1/runs/{id}/log", (string id, HttpContext context) => StreamAsync(context, queue.Find(id)?.Text, "text/plain; charset=utf-8"));
        app.MapGet("/v1/runs/{id}/events", (string id, HttpContext context) => StreamAsync(context, queue.Find(id)?.Events, "application/x-ndjson"));
    }

    private static IResult Submit(RunQueue queue, Submission submission)
    {
        try
        {
            var run = queue.Submit(submission);
            return Results.Accepted($"/v1/runs/{run.Id}", RunView.Of(run));
        }
        catch (JobException e)
        {
            return Results.BadRequest(new Refusal(e.Message.Split('\n')));
        }
    }

    private static async Task StreamAsync(HttpContext context, LineLog? log, string contentType)
    {
        if (log is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        context.Response.ContentType = contentType;
        await foreach (var line in log.ReadAsync(context.RequestAborted))
        {
            await context.Response.WriteAsync(line + "\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
