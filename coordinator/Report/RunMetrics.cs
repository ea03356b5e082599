using System.Collections.Immutable;
using System.Text.Json;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Report;

/// <summary>One step, as <c>metrics.jsonl</c> has it.</summary>
/// <param name="Losses">By task; null where no row had the label.</param>
internal sealed record StepLine(
    int Step,
    int Epoch,
    IReadOnlyDictionary<string, double?> Losses,
    IReadOnlyDictionary<string, double?> Weights,
    double? RowsPerSecond);

/// <summary>One evaluation, as <c>metrics.jsonl</c> has it.</summary>
/// <param name="Tasks">Metrics by task and metric name.</param>
/// <param name="Constant">Those of the constant predictor.</param>
internal sealed record EvaluationLine(
    int Step,
    string Split,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> Tasks,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> Constant,
    IReadOnlyDictionary<string, long> Labels)
{
    /// <summary>What the summary says of each task beside the numbers; none for an evaluation that was read from the log.</summary>
    public IReadOnlyDictionary<string, TaskMetrics> Reported { get; init; } = ImmutableDictionary<string, TaskMetrics>.Empty;
}

/// <summary>The content of <c>metrics.jsonl</c>.</summary>
internal sealed record RunMetrics(IReadOnlyList<StepLine> Steps, IReadOnlyList<EvaluationLine> Evaluations)
{
    /// <summary>Task names in the job's order.</summary>
    public IReadOnlyList<string> Tasks { get; } =
        [.. Steps.Take(1).SelectMany(step => step.Losses.Keys).Concat(Evaluations.SelectMany(e => e.Tasks.Keys)).Distinct()];

    /// <summary>Reads the file; none is an empty one. A last line that was cut off by a kill is left out, as is any that is none of a run's.</summary>
    public static RunMetrics Read(string path)
    {
        List<StepLine> steps = [];
        List<EvaluationLine> evaluations = [];
        if (!File.Exists(path))
            return new RunMetrics(steps, evaluations);
        foreach (var line in File.ReadLines(path))
        {
            if (!JsonText.TryRead(line, Line, out var read))
                continue;
            if (read is StepLine step)
                steps.Add(step);
            else if (read is EvaluationLine evaluation)
                evaluations.Add(evaluation);
        }
        return new RunMetrics(steps, evaluations);
    }

    private static object? Line(JsonElement root) => root.GetProperty("kind").GetString() switch
    {
        RunEventJson.Step => Step(root),
        RunEventJson.Evaluation => Evaluation(root),
        _ => null,
    };

    private static StepLine Step(JsonElement root) => new(
        root.GetProperty("step").GetInt32(),
        root.GetProperty("epoch").GetInt32(),
        Numbers(root.GetProperty("losses")),
        Numbers(root.GetProperty("weights")),
        JsonText.NumberOrNull(root.GetProperty("rowsPerSecond")));

    private static EvaluationLine Evaluation(JsonElement root) => new(
        root.GetProperty("step").GetInt32(),
        root.GetProperty("split").GetString()!,
        NumbersByTask(root.GetProperty("tasks")),
        NumbersByTask(root.GetProperty("constant")),
        root.GetProperty("labels").EnumerateObject().ToDictionary(task => task.Name, task => task.Value.GetInt64()));

    private static Dictionary<string, IReadOnlyDictionary<string, double?>> NumbersByTask(JsonElement tasks) =>
        tasks.EnumerateObject().ToDictionary(task => task.Name, task => (IReadOnlyDictionary<string, double?>)JsonText.Metrics(task.Value.EnumerateObject()));

    private static Dictionary<string, double?> Numbers(JsonElement numbers) =>
        numbers.EnumerateObject().ToDictionary(number => number.Name, number => JsonText.NumberOrNull(number.Value));
}
