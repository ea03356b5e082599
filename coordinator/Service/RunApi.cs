using DistMtl.Protocol;

namespace DistMtl.Coordinator.Service;

/// <summary>
/// The service over HTTP: <c>POST /v1/runs</c> submits, <c>GET /v1/runs/{id}</c> tells the state, <c>/log</c> and
/// <c>/events</c> below it stream text and JSON lines until the run has ended, <c>GET /v1/status</c> tells what is going on and
/// what is waited for, <c>GET /healthz</c> that it is up.
/// A coordinator that stands by sends clients on to the one at work.
/// </summary>
internal static class RunApi
{
    /// <param name="whereIsWork">Asks where the coordinator at work takes jobs; null: nobody is.</param>
    public static void Map(WebApplication app, RunQueue queue, Func<Task<string?>> whereIsWork)
    {
        app.MapGet("/healthz", () => Results.Json(new { status = "ok", role = queue.IsAtWork ? "atWork" : "standby", workers = queue.WorkersUp }));
        var atWork = app.MapGroup("/v1");
        atWork.AddEndpointFilter(async (context, next) =>
            queue.IsAtWork ? await next(context)
            : await whereIsWork() is { } url ? Results.Redirect(url.TrimEnd('/') + context.HttpContext.Request.Path, permanent: false, preserveMethod: true)
            : Results.Json(new Refusal(["no coordinator is at work yet; try again soon"]), statusCode: StatusCodes.Status503ServiceUnavailable));
        atWork.MapGet("/status", queue.Status);
        atWork.MapGet("/runs", () => queue.Runs.Select(RunView.Of));
        atWork.MapPost("/runs", (Submission submission) => SubmitAsync(queue, submission));
        atWork.MapGet("/runs/{id}", (string id) => queue.Find(id) is { } run ? Results.Json(RunView.Of(run)) : Results.NotFound());
        atWork.MapGet("/runs/{id}/log", (string id, HttpContext context) => StreamAsync(context, queue.Find(id)?.Text, "text/plain; charset=utf-8"));
        atWork.MapGet("/runs/{id}/events", (string id, HttpContext context) => StreamAsync(context, queue.Find(id)?.Events, "application/x-ndjson"));
    }

    private static async Task<IResult> SubmitAsync(RunQueue queue, Submission submission)
    {
        try
        {
            var run = await queue.SubmitAsync(submission);
            return Results.Accepted($"/v1/runs/{run.Id}", RunView.Of(run));
        }
        catch (JobException e) when (e.ExitCode is ExitCode.StorageFailed or ExitCode.CutOff)
        {
            return Results.Json(new Refusal([e.Message]), statusCode: StatusCodes.Status503ServiceUnavailable);
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
