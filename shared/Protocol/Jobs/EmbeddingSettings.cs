namespace DistMtl.Protocol.Jobs;

public enum EmbeddingStorage
{
    /// <summary>Sparse from <see cref="EmbeddingSettings.SparseRows"/> rows on.</summary>
    Auto,

    /// <summary>Among the flat parameters.</summary>
    Dense,

    /// <summary>Row by row on the parameter servers.</summary>
    Sparse,
}

/// <summary>How embedding tables are kept. All but the storage holds for the sparse ones alone.</summary>
/// <param name="Storage">Which tables are sparse.</param>
public sealed record EmbeddingSettings(EmbeddingStorage Storage)
{
    public const int SparseRows = 10_000;
    public const int DefaultAdmission = 1;

    /// <summary>More would not be told apart: touches of rows that are not admitted are counted in 16 bits.</summary>
    public const int MaxAdmission = 65_535;

    public static EmbeddingSettings Default { get; } = new(EmbeddingStorage.Auto);

    /// <summary>Null: the rule that goes with the job's optimiser, with its learning rate.</summary>
    public RowOptimizerSettings? Optimizer { get; init; }

    /// <summary>A row is trained from its n-th touched step on; before that it reads as zeros.</summary>
    public int Admission { get; init; } = DefaultAdmission;

    /// <summary>Steps without a touch after which a row is forgotten; null: never.</summary>
    public int? Expiry { get; init; }
}
