namespace DistMtl.Protocol.Jobs;

public enum FeatureKind
{
    /// <summary>One number, standardised on the training rows.</summary>
    Numeric,

    /// <summary>One value out of many, embedded; by vocabulary, or hashed where <see cref="FeatureSettings.Buckets"/> is set.</summary>
    Categorical,

    /// <summary>Several values in one cell, embedded and encoded to one vector.</summary>
    Sequence,

    /// <summary>A fixed number of numbers in one cell.</summary>
    Vector,
}

public enum NumericTransform
{
    None,

    /// <summary>sign(x) * ln(1 + |x|), before standardising: for amounts and counts.</summary>
    Log1p,
}

/// <summary>One input of the model.</summary>
/// <param name="Name">Unique among the features; names the parameters too.</param>
/// <param name="Kind">How the cell is read.</param>
/// <param name="Column">Column of the data; the name unless the job file says otherwise.</param>
/// <param name="Dim">Embedding width (categorical, and sequence with a table of its own).</param>
/// <param name="Buckets">Number of hash buckets; null: a vocabulary from the training rows, id 0 for unseen and missing.</param>
/// <param name="MinCount">Vocabulary: values seen less often in the training rows count as unseen.</param>
/// <param name="Transform">Numeric only.</param>
/// <param name="Separator">Between the values of a sequence or vector cell.</param>
/// <param name="MaxLength">Sequence: only the last so many values are used.</param>
/// <param name="Embedding">Sequence: the categorical feature whose table and ids it shares; null: its own.</param>
/// <param name="Encoder">Sequence: how the values become one vector.</param>
/// <param name="Width">Vector: how many numbers a cell holds.</param>
public sealed record FeatureSettings(
    string Name,
    FeatureKind Kind,
    string Column,
    int Dim,
    int? Buckets,
    int MinCount,
    NumericTransform Transform,
    string Separator,
    int MaxLength,
    string? Embedding,
    EncoderKind Encoder,
    int Width)
{
    public const int DefaultDim = 8;
    public const int DefaultMinCount = 1;
    public const string DefaultSeparator = "|";
    public const int DefaultMaxLength = 50;
}

public enum EncoderKind
{
    /// <summary>The mean of the values' embeddings; zero for an empty cell.</summary>
    Mean,
}
