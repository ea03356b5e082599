namespace DistMtl.Transport;

/// <summary>What a frame is. Numbers may be added, never changed (a test freezes them); see WIRE-FORMAT.md.</summary>
public enum FrameKind : byte
{
    /// <summary>Worker to coordinator, first on every connection: <see cref="HelloHeader"/>.</summary>
    Hello = 1,

    /// <summary>Coordinator to worker: <see cref="PlanHeader"/>, payload the data's schema as UTF-8 JSON.</summary>
    Plan = 2,

    /// <summary>Worker to coordinator: <see cref="ReadyHeader"/>; the shards' rows are in memory.</summary>
    Ready = 3,

    /// <summary>Coordinator to worker: <see cref="WorkHeader"/>; what to do with which parameters.</summary>
    Work = 4,

    /// <summary>Worker to coordinator: <see cref="SumHeader"/>; losses and counts of one subtree.</summary>
    Sum = 5,

    /// <summary>Worker to coordinator: <see cref="PredictionsHeader"/>, payload predictions, then labels_BT.</summary>
    Predictions = 6,

    /// <summary>Worker to coordinator, last on a connection: <see cref="FailedHeader"/>; why the worker can't go on.</summary>
    Failed = 7,

    /// <summary>Worker to server: <see cref="PullHeader"/>, payload row numbers.</summary>
    Pull = 8,

    /// <summary>Server to worker: <see cref="RowsHeader"/>, payload the rows.</summary>
    Rows = 9,

    /// <summary>Server to worker: <see cref="SliceHeader"/>, payload the slice's parameters.</summary>
    Slice = 10,

    /// <summary>Worker to server: <see cref="GradientHeader"/>, payload the slice's gradient.</summary>
    Gradient = 11,

    /// <summary>Worker to server: <see cref="RowGradientHeader"/>, payload the rows' gradients.</summary>
    RowGradients = 12,

    /// <summary>Coordinator to worker: <see cref="HostHeader"/>, payload the schema; the worker hosts a parameter server.</summary>
    Host = 13,

    /// <summary>Worker to coordinator: <see cref="HostingHeader"/>; where its parameter server listens.</summary>
    Hosting = 14,

    /// <summary>Between coordinator and hosted server, both ways: <see cref="StateHeader"/>, payload a slice of a vector.</summary>
    State = 15,

    /// <summary>Between coordinator and hosted server, both ways: <see cref="StateEndHeader"/>; that was all of it.</summary>
    StateEnd = 16,

    /// <summary>Coordinator to hosted server: <see cref="ServerOrderHeader"/>; send the new parameters to all workers.</summary>
    Publish = 17,

    /// <summary>Hosted server to coordinator: <see cref="ReportHeader"/>; a step's gradients are all there.</summary>
    Report = 18,

    /// <summary>Coordinator to hosted server: <see cref="UpdateHeader"/>; make the update.</summary>
    Update = 19,

    /// <summary>Coordinator to hosted server: <see cref="ServerOrderHeader"/>; send what you keep, as State frames.</summary>
    Fetch = 20,

    /// <summary>Coordinator to worker: <see cref="ServerOrderHeader"/>; send what your shards keep from step to step.</summary>
    FetchShards = 21,

    /// <summary>Between coordinator and worker, both ways: <see cref="ShardStateHeader"/>, payload one vector of a shard.</summary>
    ShardState = 22,

    /// <summary>Between coordinator and worker, both ways: <see cref="ShardStateEndHeader"/>; that was all of it.</summary>
    ShardStateEnd = 23,

    /// <summary>Between coordinator and hosted server, both ways: <see cref="TableRowsHeader"/>, payload what is kept of rows.</summary>
    TableRows = 24,

    /// <summary>Coordinator to worker: <see cref="ServerOrderHeader"/>; send what you have recorded of the run's course.</summary>
    FetchTrace = 25,

    /// <summary>Worker to coordinator: <see cref="TraceEventsHeader"/>, payload the events as UTF-8 JSON.</summary>
    TraceEvents = 26,

    /// <summary>Coordinator to worker: <see cref="WeightsHeader"/>; send the gradients of table rows that you hold, combined by these weights.</summary>
    Weights = 27,
}
