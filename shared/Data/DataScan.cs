namespace DistMtl.Data;

/// <summary>What one pass over a job's files has found; lists have one number for each data shard.</summary>
public sealed record DataScan(
    DataSchema Schema,
    IReadOnlyList<int> TrainRowsByShard,
    IReadOnlyList<int> ValidationRowsByShard,
    IReadOnlyList<int> TestRowsByShard,
    BadRowReport BadRows);
