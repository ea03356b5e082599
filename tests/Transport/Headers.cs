namespace DistMtl.Transport.Tests;

/// <summary>Headers, each with a value in each field.</summary>
internal static class Headers
{
    public static HelloHeader Hello { get; } = new(FrameFormat.Version, "job-1", "10.0.0.5:4053");

    public static PlanHeader Plan { get; } = new(3, "name: x\n", [0, 1], 11, 5, true, Splits.Train | Splits.Test, ["10.0.0.5:4100"], 22, 44);

    public static ReadyHeader Ready { get; } = new(3, [0, 1], [100, 99], [7, 300]);

    public static WorkHeader Work { get; } = new(3, 5, WorkKind.Train, [0.5f, -1f]);

    public static SumHeader Sum { get; } = new(3, 5, 1, 2, [0.25, 1e-9], [16, 3], [15, 4], [8, 8]);

    public static PredictionsHeader Predictions { get; } = new(3, 5, WorkKind.Validate, 6, 20, [1, 4], true);

    public static FailedHeader Failed { get; } = new("no", 3);

    public static PullHeader Pull { get; } = new(3, 5, 1, 2, 6, [2, 1]);

    public static RowsHeader Rows { get; } = new(3, 5, 1, 2, 4, RowsPart.Untouched);

    public static SliceHeader Slice { get; } = new(3, 5, 1);

    public static GradientHeader Gradient { get; } = new(3, 5, 1, 2, 4);

    public static RowGradientHeader RowGradients { get; } = new(3, 5, 1, 2, 4);

    public static HostHeader Host { get; } = new(3, "name: x\n", 1, true, ["w", null], [[0, 1], []]);

    public static HostingHeader Hosting { get; } = new(3, 1, 4100);

    public static StateHeader State { get; } = new(3, 1, "m", 7);

    public static StateEndHeader StateEnd { get; } = new(3, 1, 5, 300);

    public static ServerOrderHeader Order { get; } = new(3, 1, 5);

    public static ReportHeader Report { get; } = new(3, 1, 5, [0, 2], 64, 1);

    public static UpdateHeader Update { get; } = new(3, 1, 5, [0.5], null, [16], 1, 0.5, 1, 9);

    public static ShardStateHeader ShardState { get; } = new(3, 4, "m");

    public static ShardStateEndHeader ShardStateEnd { get; } = new(3, 5);

    public static TableRowsHeader TableRows { get; } = new(3, 1, 0, ["rows", "values"], [2, 6]);

    public static TraceEventsHeader TraceEvents { get; } = new(3, 7);

    public static WeightsHeader Weights { get; } = new(3, 5, [0.5, 1], [1, 0.25], [7, 300]);

    /// <summary>Sends, in the order of the kinds, a frame of each.</summary>
    public static IReadOnlyList<Func<Recording, ReadOnlyMemory<byte>, Task<byte[]>>> All { get; } =
    [
        (recording, payload) => recording.FrameAsync(FrameKind.Hello, Hello, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Plan, Plan, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Ready, Ready, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Work, Work, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Sum, Sum, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Predictions, Predictions, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Failed, Failed, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Pull, Pull, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Rows, Rows, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Slice, Slice, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Gradient, Gradient, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.RowGradients, RowGradients, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Host, Host, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Hosting, Hosting, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.State, State, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.StateEnd, StateEnd, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Publish, Order, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Report, Report, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Update, Update, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Fetch, Order, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.FetchShards, Order, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.ShardState, ShardState, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.ShardStateEnd, ShardStateEnd, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.TableRows, TableRows, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.FetchTrace, Order, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.TraceEvents, TraceEvents, payload),
        (recording, payload) => recording.FrameAsync(FrameKind.Weights, Weights, payload),
    ];
}
