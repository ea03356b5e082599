using System.Text.Json;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>One line of JSON for an event: the lines of <c>metrics.jsonl</c> and of <c>--json</c>.</summary>
internal static class RunEventJson
{
    public const string Step = "step";
    public const string Evaluation = "evaluation";

    /// <param name="tasks">Names, in the order of the events' losses and weights.</param>
    public static string Line(RunEvent e, IReadOnlyList<string> tasks) => JsonText.Of(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", Kind(e));
        json.WriteRounded("seconds", e.Seconds, 3);
        WriteContent(json, e, tasks);
        json.WriteEndObject();
    });

    private static string Kind(RunEvent e) => e switch
    {
        RunStarted => "started",
        Notice => "notice",
        StepCompleted => Step,
        EvaluationCompleted => Evaluation,
        CheckpointWritten => "checkpoint",
        RunRewound => "rewound",
        RunEnded => "ended",
        _ => throw new ArgumentOutOfRangeException(nameof(e), e.GetType(), "no JSON is defined for this event"),
    };

    private static void WriteContent(Utf8JsonWriter json, RunEvent e, IReadOnlyList<string> tasks)
    {
        switch (e)
        {
            case RunStarted started:
                WriteStarted(json, started);
                break;
            case Notice notice:
                json.WriteString("text", notice.Text);
                break;
            case StepCompleted step:
                WriteStep(json, step, tasks);
                break;
            case EvaluationCompleted evaluation:
                WriteEvaluation(json, evaluation);
                break;
            case CheckpointWritten checkpoint:
                json.WriteNumber("step", checkpoint.Step);
                json.WriteString("directory", checkpoint.Directory);
                break;
            case RunRewound rewound:
                json.WriteNumber("step", rewound.Step);
                break;
            case RunEnded ended:
                json.WritePropertyName("summary");
                SummaryJson.WriteObject(json, ended.Summary);
                break;
        }
    }

    private static void WriteStarted(Utf8JsonWriter json, RunStarted started)
    {
        json.WriteString("name", started.Name);
        json.WriteString("runDirectory", started.RunDirectory);
        json.WriteStartArray("tasks");
        foreach (var task in started.Tasks)
            json.WriteStringValue(task);
        json.WriteEndArray();
        json.WriteNumber("workers", started.Workers);
        json.WriteNumber("shards", started.Shards);
        json.WriteNumber("trainRows", started.TrainRows);
        json.WriteNumber("validationRows", started.ValidationRows);
        json.WriteNumber("parameters", started.Parameters);
        json.WriteNumber("firstStep", started.FirstStep);
        json.WriteNumber("totalSteps", started.TotalSteps);
        json.WriteNumber("stepsPerEpoch", started.StepsPerEpoch);
    }

    private static void WriteStep(Utf8JsonWriter json, StepCompleted step, IReadOnlyList<string> tasks)
    {
        json.WriteNumber("step", step.Step);
        json.WriteNumber("epoch", step.Epoch);
        json.WriteStartObject("losses");
        for (var t = 0; t < tasks.Count; t++)
            json.WriteNumberOrNull(tasks[t], step.Losses[t]);
        json.WriteEndObject();
        json.WriteStartObject("weights");
        for (var t = 0; t < tasks.Count; t++)
            json.WriteNumberOrNull(tasks[t], step.Weights[t]);
        json.WriteEndObject();
        json.WriteNumber("rows", step.Rows);
        json.WriteRounded("rowsPerSecond", step.RowsPerSecond, 1);
        json.WriteNumber("workers", step.Workers);
        if (step.Staleness is { } staleness)
            json.WriteNumber("staleness", staleness);
    }

    private static void WriteEvaluation(Utf8JsonWriter json, EvaluationCompleted evaluation)
    {
        json.WriteNumber("step", evaluation.Step);
        json.WriteNumber("epoch", evaluation.Epoch);
        json.WriteString("split", evaluation.Split);
        json.WriteStartObject("tasks");
        foreach (var task in evaluation.Tasks)
            json.WriteMetrics(task.Task, task.Values);
        json.WriteEndObject();
        json.WriteStartObject("constant");
        foreach (var task in evaluation.Tasks)
            json.WriteMetrics(task.Task, task.Constant);
        json.WriteEndObject();
        json.WriteStartObject("labels");
        foreach (var task in evaluation.Tasks)
            json.WriteNumber(task.Task, task.Labels);
        json.WriteEndObject();
        if (evaluation.Tasks.Any(TaskMetricsJson.HasDetails))
            WriteDetails(json, evaluation.Tasks);
        json.WriteNumberOrNull("composite", evaluation.Composite);
        json.WriteBoolean("isBest", evaluation.IsBest);
    }

    private static void WriteDetails(Utf8JsonWriter json, IReadOnlyList<TaskMetrics> tasks)
    {
        json.WriteStartObject("details");
        foreach (var task in tasks)
        {
            json.WriteStartObject(task.Task);
            TaskMetricsJson.WriteDetails(json, task);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
