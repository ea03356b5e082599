namespace DistMtl.Benchmarks;

/// <summary>
/// The model that every contestant trains: the defaults of the PyTorch script <c>ddp_mmoe.py</c>, an MMoE over
/// categorical fields of 3.2 million embedding numbers and 0.17 million others.
/// </summary>
internal static class ModelSize
{
    public const int Fields = 16;
    public const int RowsPerField = 12_500;
    public const int TableRows = Fields * RowsPerField;
    public const int Dim = 16;
    public const int Experts = 4;
    public const int Tasks = 2;

    /// <summary>Rows of a micro-batch: a step of W workers has W times as many.</summary>
    public const int Batch = 1024;

    public const double LearningRate = 1e-3;

    public static ReadOnlySpan<int> Expert => [128, 64];

    public static ReadOnlySpan<int> Tower => [32];
}
