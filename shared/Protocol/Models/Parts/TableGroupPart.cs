namespace DistMtl.Protocol.Models.Parts;

/// <summary>Embedding tables of one width, which lie side by side in the layout so that one lookup serves all of them.</summary>
/// <param name="Dim">Width of a row.</param>
/// <param name="Names">Of the tables, in layout order.</param>
/// <param name="FirstRows">By index in <see cref="ModelInputs.Tables"/>: where the table begins in the group.</param>
public sealed record TableGroupPart(int Dim, IReadOnlyList<string> Names, IReadOnlyDictionary<int, int> FirstRows)
{
    /// <summary>Only a micro-batch's rows are there, so <see cref="FirstRows"/> is the table's place in <see cref="Names"/>.</summary>
    public bool IsSparse { get; init; }
}
