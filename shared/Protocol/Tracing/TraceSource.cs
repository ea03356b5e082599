using System.Diagnostics;

namespace DistMtl.Protocol.Tracing;

/// <summary>
/// Where spans of time are told of, by the platform's own means: one source for each part of a process. Nobody listens unless a
/// run is traced, and then <see cref="Begin"/> is a test of a field.
/// </summary>
public static class TraceSource
{
    public static ActivitySource Coordinator { get; } = new("DistMtl.Coordinator");

    public static ActivitySource Worker { get; } = new("DistMtl.Worker");

    public static ActivitySource Server { get; } = new("DistMtl.Server");

    /// <summary>Begins a span; its disposal ends it.</summary>
    /// <param name="lane">What it shares a row of the picture with.</param>
    /// <param name="version">Of the parameters that it is about; those of version v are step v + 1's.</param>
    /// <param name="server">Index of the parameter server.</param>
    /// <returns>Null: nobody listens.</returns>
    public static Activity? Begin(this ActivitySource source, string name, string lane, int? version = null, int? shard = null, int? server = null)
    {
        if (!source.HasListeners() || source.StartActivity(name) is not { } activity)
            return null;
        activity.SetTag(LaneTag, lane);
        if (version is { } of)
            activity.SetTag(StepTag, of + 1);
        if (shard is { } index)
            activity.SetTag(ShardTag, index);
        if (server is { } number)
            activity.SetTag(ServerTag, number);
        return activity;
    }

    internal const string LaneTag = "lane";

    internal const string StepTag = "step";

    internal const string ShardTag = "shard";

    internal const string ServerTag = "server";
}
