using System.Collections.Immutable;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models.Encoders;

namespace DistMtl.Protocol.Models;

/// <summary>What a model is fed and asked for: the part of the data's schema that fixes its parameters.</summary>
/// <param name="DenseWidth">Numbers per row: numeric features and vectors.</param>
/// <param name="Tables">Embedding tables, in feature order.</param>
/// <param name="Lookups">Embedding vectors of one row, in feature order; each is the output of one table.</param>
/// <param name="Tasks">One head each.</param>
public sealed record ModelInputs(
    int DenseWidth,
    IReadOnlyList<EmbeddingTable> Tables,
    IReadOnlyList<EmbeddingLookup> Lookups,
    IReadOnlyList<ModelTask> Tasks)
{
    /// <summary>Number of domains that a row can belong to; 0: the rows have none.</summary>
    public int Domains { get; init; }

    /// <summary>Indices of the sparse tables: the row lists of a step, in this order.</summary>
    public ImmutableArray<int> SparseTables => [.. Enumerable.Range(0, Tables.Count).Where(table => Tables[table].IsSparse)];

    /// <summary>Width of the trunk's input: dense numbers, then the lookups' vectors.</summary>
    public int InputWidth => DenseWidth + Lookups.Sum(WidthOf);

    /// <summary>Width of a lookup's vector: its encoder's, or the table's.</summary>
    public int WidthOf(EmbeddingLookup lookup)
    {
        var dim = Tables[lookup.Table].Dim;
        return lookup.Encoding?.Width(dim) ?? dim;
    }
}

/// <summary>One embedding table of <paramref name="Rows"/> x <paramref name="Dim"/>; row 0 stands for unseen and missing.</summary>
public readonly record struct EmbeddingTable(string Feature, int Rows, int Dim)
{
    /// <summary>As <see cref="ParameterEntry.LearningRate"/>.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Whether it lives on the parameter servers, row by row, and not among the flat parameters.</summary>
    public bool IsSparse { get; init; }
}

/// <summary>One vector per row: of one id, or of the ids of a sequence.</summary>
/// <param name="Feature">The feature whose cell is looked up.</param>
/// <param name="Table">Index of its table.</param>
/// <param name="IsSequence">Whether the cell holds several ids.</param>
public readonly record struct EmbeddingLookup(string Feature, int Table, bool IsSequence)
{
    /// <summary>How a sequence becomes one vector; null: the mean of its embeddings.</summary>
    public SequenceEncoding? Encoding { get; init; }
}

/// <param name="Outputs">1, or the number of classes.</param>
/// <param name="InitialBias">First value of the head's bias: the logit that fits a binary task's labels best, else 0.</param>
public sealed record ModelTask(string Name, TaskKind Kind, int Outputs, float InitialBias)
{
    /// <summary>Indices of the tasks whose outcome comes before this one's, and whose towers it may use.</summary>
    public IReadOnlyList<int> After { get; init; } = [];

    /// <summary>Learnt through the tasks before it, but predicted on its own: the probability where those before are 1.</summary>
    public bool IsConditional { get; init; }

    /// <summary>With the positive weight as a number, whatever the job file says.</summary>
    public LossSettings Loss { get; init; } = LossSettings.DefaultOf(Kind);

    /// <summary>Retrieval: the items; else null.</summary>
    public RetrievalInputs? Retrieval { get; init; }
}

/// <summary>What a retrieval task finds, and what it must not see of it beforehand.</summary>
/// <param name="Table">Index of the items' table.</param>
/// <param name="Column">Of the item among the categorical columns.</param>
/// <param name="HiddenCategoricals">Categorical columns that describe the item, its own among them.</param>
/// <param name="HiddenDense">Dense columns that do.</param>
/// <param name="HiddenSequences">Sequence columns that do.</param>
/// <param name="Temperature">Divides the cosine of user and item.</param>
/// <param name="LogQ">By row of the table: the logarithm of the item's share of the positive training rows; null for no correction.</param>
public sealed record RetrievalInputs(
    int Table,
    int Column,
    IReadOnlyList<int> HiddenCategoricals,
    IReadOnlyList<int> HiddenDense,
    IReadOnlyList<int> HiddenSequences,
    double Temperature,
    IReadOnlyList<float>? LogQ);
