namespace DistMtl.Protocol.Jobs;

public enum EmbeddingStorage
{
    Auto,
    Dense,
    Sparse,
}

public sealed record EmbeddingSettings(EmbeddingStorage Storage)
{
    public const int SparseRows = 10_000;

    public static EmbeddingSettings Default { get; } = new(EmbeddingStorage.Auto);
}
