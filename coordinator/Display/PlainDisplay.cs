using System.Globalization;
using System.Text;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Display;

/// <summary>
/// For logs and pipes: a line for the first step, one every few seconds and one for the last step, one for each thing that happens, a
/// table at the end. Its clock is that of the events.
/// </summary>
/// <param name="output">Everything but errors.</param>
/// <param name="errors">What ended a run that failed; null: the command says it.</param>
/// <param name="secondsBetweenSteps">Between two lines about steps.</param>
internal sealed class PlainDisplay(
    TextWriter output, TextWriter? errors, double secondsBetweenSteps = PlainDisplay.DefaultSecondsBetweenSteps) : IRunObserver
{
    public const double DefaultSecondsBetweenSteps = 5;

    // A line of 32 tasks is not readable; metrics.jsonl has them all.
    private const int MaxTasks = 8;
    private const int MaxName = 24;
    private const int MetricsPerTask = 2;

    private RunProgress _progress = RunProgress.None;
    private StepCompleted? _shown;

    public void On(RunEvent e)
    {
        _progress = _progress.Apply(e);
        switch (e)
        {
            case RunStarted started:
                Line(e, Start(started));
                break;
            case Notice notice:
                Line(e, notice.Text);
                break;
            case StepCompleted step when _shown is null || step.Seconds - _shown.Seconds >= secondsBetweenSteps || step.Step == _progress.Started?.TotalSteps:
                ShowStep(step);
                break;
            case EvaluationCompleted evaluation:
                Line(e, Evaluation(evaluation));
                break;
            case CheckpointWritten checkpoint:
                Line(e, $"checkpoint {Path.GetFileName(checkpoint.Directory)}");
                break;
            case RunEnded ended:
                if (_progress.LastStep is { } last && last != _shown)
                    ShowStep(last);
                output.Write(PlainConsole.Render(console => SummaryText.Write(console, ended.Summary, _progress.Started?.RunDirectory)));
                if (ended.Summary.Error is { } error)
                    errors?.WriteLine($"error: {error}");
                break;
        }
    }

    private void ShowStep(StepCompleted step)
    {
        _shown = step;
        Line(step, Step(step));
    }

    private void Line(RunEvent e, string text) =>
        output.Write(string.Create(CultureInfo.InvariantCulture, $"[{e.Seconds,7:0.0} s] {text}\n"));

    private static string Start(RunStarted started)
    {
        var text = $"{started.Name}: {NumberText.Plural(started.Tasks.Count, "task")}, "
            + $"{NumberText.Plural(started.TrainRows, "training row")}, {NumberText.Plural(started.ValidationRows, "validation row")}, "
            + $"{NumberText.Plural(started.Shards, "shard")}, {NumberText.Plural(started.Parameters, "parameter")}, "
            + $"{NumberText.Plural(started.TotalSteps, "step")}";
        return started.FirstStep > 0 ? $"{text}; going on after step {NumberText.Count(started.FirstStep)}" : text;
    }

    private string Step(StepCompleted step)
    {
        var tasks = _progress.Started!.Tasks;
        var shown = Math.Min(tasks.Count, MaxTasks);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"epoch {step.Epoch}/{_progress.Epochs} step {step.Step}/{_progress.Started.TotalSteps}");
        for (var t = 0; t < shown; t++)
            text.Append(CultureInfo.InvariantCulture, $"  {NumberText.Shorten(tasks[t], MaxName)} {NumberText.Loss(_progress.Losses[t].Smoothed)}");
        text.Append(More(tasks.Count));
        text.Append(CultureInfo.InvariantCulture, $" | weights {string.Join(' ', step.Weights.Take(shown).Select(NumberText.Weight))}{More(tasks.Count)}");
        text.Append(CultureInfo.InvariantCulture, $" | {NumberText.Count(step.RowsPerSecond)} rows/s | {NumberText.Plural(step.Workers, "worker")}");
        if (_progress.SecondsLeft is { } left)
            text.Append(CultureInfo.InvariantCulture, $" | {NumberText.Duration(left)} left");
        return text.ToString();
    }

    private static string Evaluation(EvaluationCompleted evaluation)
    {
        var tasks = evaluation.Tasks.Take(MaxTasks).Select(task =>
            NumberText.Shorten(task.Task, MaxName) + string.Concat(
                MetricNames.Main(task.Kind).Take(MetricsPerTask).Select(metric =>
                    $" {metric} {NumberText.Metric(task.Values.GetValueOrDefault(metric))}")));
        return $"{evaluation.Split} at step {evaluation.Step}: {string.Join(", ", tasks)}{More(evaluation.Tasks.Count)}"
            + (evaluation.IsBest ? " (best so far)" : "");
    }

    private static string More(int tasks) =>
        tasks > MaxTasks ? string.Create(CultureInfo.InvariantCulture, $" (+{tasks - MaxTasks})") : "";
}
