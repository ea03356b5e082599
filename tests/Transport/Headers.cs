namespace DistMtl.Transport.Tests;

/// <summary>Headers, each with a value in each field.</summary>
internal static class Headers
{
    public static HelloHeader Hello { get; } = new(FrameFormat.Version, "job-1", "10.0.0.5:4053");

    public static PlanHeader Plan { get; } = new(3, "name: x\n", [0, 1], 11, 5, true, Splits.Train | Splits.Test, ["10.0.0.5:4100"]);

    public static ReadyHeader Ready { get; } = new(3, [0, 1], [100, 99], [7, 300]);

    public static WorkHeader Work { get; } = new(3, 5, WorkKind.Train, [0.5f, -1f]);

    public static SumHeader Sum { get; } = new(3, 5, 1, 2, [0.25, 1e-9], [16, 3], [15, 4], [8, 8]);

    public static PredictionsHeader Predictions { get; } = new(3, 5, WorkKind.Validate, 6, 20, [1, 4], true);

    public static PullHeader Pull { get; } = new(3, 5, 1, 2, 6, [2, 1]);

    public static StateHeader State { get; } = new(3, 1, "m", 7);

    public static ReportHeader Report { get; } = new(3, 1, 5, [0, 2], 64);

    public static UpdateHeader Update { get; } = new(3, 1, 5, [0.5], null, [16], 1, 0.5);
}
