namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>embeddings:</c>.</summary>
internal static class EmbeddingsReader
{
    /// <param name="kind">Of the job's optimiser.</param>
    public static EmbeddingSettings Read(Section section, OptimizerKind kind)
    {
        var storage = section.Choice<EmbeddingStorage>("storage") ?? EmbeddingStorage.Auto;
        var sparse = section.Only(
            storage != EmbeddingStorage.Dense, "belongs to sparse tables, but storage is dense; leave one of the two out");
        var embeddings = new EmbeddingSettings(storage)
        {
            Optimizer = ReadOptimizer(sparse, kind),
            Admission = sparse.Whole("admission", EmbeddingSettings.DefaultAdmission, NumberRange.Between(1, EmbeddingSettings.MaxAdmission)),
            Expiry = sparse.Whole("expiry", NumberRange.AtLeast(1)),
        };
        section.RefuseUnknownKeys();
        return embeddings;
    }

    /// <summary>A map, or its kind alone.</summary>
    private static RowOptimizerSettings? ReadOptimizer(Section embeddings, OptimizerKind kind)
    {
        var fallback = RowOptimizerSettings.DefaultKindOf(kind);
        if (embeddings.HasText("optimizer"))
            return embeddings.Choice<RowOptimizerKind>("optimizer") is { } word ? new RowOptimizerSettings(word, null) : null;
        if (embeddings.Map("optimizer") is not { } section)
            return null;
        var optimizer = new RowOptimizerSettings(
            section.Choice<RowOptimizerKind>("kind") ?? fallback,
            section.Number("learningRate", NumberRange.Positive));
        section.RefuseUnknownKeys();
        return optimizer;
    }
}
