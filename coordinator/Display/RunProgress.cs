using System.Collections.Immutable;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Display;

/// <summary>What the displays know of a run so far. A value: each event gives the next one.</summary>
internal sealed record RunProgress
{
    /// <summary>Nothing has happened yet.</summary>
    public static RunProgress None { get; } = new();

    public RunStarted? Started { get; private init; }

    public StepCompleted? FirstStep { get; private init; }

    public StepCompleted? LastStep { get; private init; }

    /// <summary>Per task.</summary>
    public ImmutableArray<LossTrend> Losses { get; private init; } = [];

    /// <summary>The last evaluation on the validation rows.</summary>
    public EvaluationCompleted? Validation { get; private init; }

    /// <summary>Oldest first.</summary>
    public ImmutableList<Notice> Notices { get; private init; } = [];

    public RunEnded? Ended { get; private init; }

    /// <summary>Of the last event, since the run began.</summary>
    public double Seconds { get; private init; }

    public int Epochs => Started is { StepsPerEpoch: > 0 } started
        ? (started.TotalSteps + started.StepsPerEpoch - 1) / started.StepsPerEpoch
        : 0;

    /// <summary>
    /// At the pace of all steps of this process so far, evaluations included; null before the second step and after the last.
    /// </summary>
    public double? SecondsLeft => Started is null || FirstStep is null || LastStep is null || LastStep.Step <= FirstStep.Step || LastStep.Step >= Started.TotalSteps
        ? null
        : (LastStep.Seconds - FirstStep.Seconds) / (LastStep.Step - FirstStep.Step) * (Started.TotalSteps - LastStep.Step);

    public RunProgress Apply(RunEvent e)
    {
        var next = this with { Seconds = e.Seconds };
        return e switch
        {
            RunStarted started => next with
            {
                Started = started,
                Losses = [.. started.Tasks.Select(_ => LossTrend.Empty)],
            },
            StepCompleted step => next with
            {
                FirstStep = FirstStep ?? step,
                LastStep = step,
                Losses = [.. Losses.Select((trend, t) => trend.Add(step.Losses[t]))],
            },
            EvaluationCompleted { Split: "validation" } evaluation => next with { Validation = evaluation },
            Notice notice => next with { Notices = Notices.Add(notice) },
            RunEnded ended => next with { Ended = ended },
            _ => next,
        };
    }
}
