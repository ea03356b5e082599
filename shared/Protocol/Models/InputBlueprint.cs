using DistMtl.Protocol.Models.Encoders;
using DistMtl.Protocol.Models.Parts;

namespace DistMtl.Protocol.Models;

/// <summary>What makes the trunk's input_BI of a row: the dense numbers, the embeddings, the encoded sequences.</summary>
/// <param name="Tables">Groups of one width; frozen tables lie apart, for they need no gradient, and so do sparse ones.</param>
/// <param name="TableNames">By index in <see cref="ModelInputs.Tables"/>.</param>
/// <param name="Encoders">One for each sequence lookup, in their order.</param>
public sealed record InputBlueprint(
    IReadOnlyList<TableGroupPart> Tables, IReadOnlyList<string> TableNames, IReadOnlyList<EncoderBlueprint> Encoders, int Width)
{
    /// <param name="prefix">Of the names, where every task has an input of its own; else empty.</param>
    /// <param name="task">The task that alone uses it; null: shared.</param>
    public static InputBlueprint Create(ParameterDeclaration parameters, ModelInputs inputs, string prefix, int? task)
    {
        var groups = new List<TableGroupPart>();
        var tableNames = inputs.Tables.Select(table => $"{prefix}embedding.{table.Feature}").ToArray();
        foreach (var group in inputs.Tables.Select((table, index) => (Table: table, Index: index)).GroupBy(x => (x.Table.Dim, x.Table.LearningRate == 0, x.Table.IsSparse)))
            groups.Add(group.Key.IsSparse ? Sparse(group) : Dense(group));
        var encoders = inputs.Lookups.Where(lookup => lookup.IsSequence)
            .Select(lookup => EncoderBlueprintTable.Create(
                parameters, $"{prefix}encoder.{lookup.Feature}", lookup.Encoding, inputs.Tables[lookup.Table].Dim, task))
            .ToList();
        return new InputBlueprint(groups, tableNames, encoders, inputs.InputWidth);

        TableGroupPart Dense(IGrouping<(int Dim, bool, bool), (EmbeddingTable Table, int Index)> group)
        {
            var (names, firstRows, rows) = (new List<string>(), new Dictionary<int, int>(), 0);
            foreach (var (table, index) in group)
            {
                names.Add(parameters.WithLearningRate(table.LearningRate)
                    .Add(tableNames[index], [table.Rows, table.Dim], task, Initializer.Normal, ParameterDeclaration.EmbeddingScale));
                firstRows[index] = rows;
                rows = checked(rows + table.Rows);
            }
            return new TableGroupPart(group.Key.Dim, names, firstRows);
        }

        TableGroupPart Sparse(IGrouping<(int Dim, bool, bool), (EmbeddingTable Table, int Index)> group)
        {
            var names = group.Select(x => parameters.AddTable(new TableEntry(
                tableNames[x.Index], x.Table.Rows, x.Table.Dim, task, ParameterDeclaration.EmbeddingScale)
            {
                LearningRate = x.Table.LearningRate,
                RowList = inputs.SparseTables.IndexOf(x.Index),
            })).ToList();
            return new TableGroupPart(group.Key.Dim, names, group.Select((x, place) => (x.Index, place)).ToDictionary()) { IsSparse = true };
        }
    }
}
