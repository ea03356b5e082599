namespace DistMtl.Data;

/// <summary>The rows of one data shard; a split that was not asked for has none.</summary>
public sealed record ShardRows(EncodedRows Train, EncodedRows Validation, EncodedRows Test);
