using DistMtl.Data;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Models.Encoders;

namespace DistMtl.Learning.Tests;

/// <summary>A model whose tables are pulled row by row beside the same model whose tables are among the flat parameters.</summary>
public sealed class SparseTableTests
{
    private const int Rows = 9;

    private static readonly ModelInputs Dense = new(
        DenseWidth: 2,
        Tables: [new("user", 50, 4), new("item", 30, 4), new("city", 5, 2)],
        Lookups:
        [
            new("user", 0, false), new("item", 1, false), new("city", 2, false), new("history", 1, true),
            new("interest", 1, true) { Encoding = new SequenceEncoding(EncoderKind.Din, new EncoderSettings(), 5, false) { Target = (1, 1) } },
        ],
        Tasks: [new("click", TaskKind.Binary, 1, -1), new("rating", TaskKind.Regression, 1, 0)]);

    private static readonly ModelInputs Sparse = Dense with { Tables = [.. Dense.Tables.Select(table => table with { IsSparse = table.Rows > 5 })] };

    [Theory]
    [InlineData(Architecture.Mmoe)]
    [InlineData(Architecture.SingleTask)]
    public void Pulled_rows_give_the_predictions_and_the_gradients_of_whole_tables(Architecture architecture)
    {
        var model = new ModelSettings(architecture, 3, [8, 6], [], [4], 0);
        using var dense = new Learner(model, Dense, TorchRuntime.Start(DeviceKind.Cpu));
        using var sparse = new Learner(model, Sparse, TorchRuntime.Start(DeviceKind.Cpu));
        var parameters_P = InitialParameters.Draw(dense.Layout, 3);
        dense.Load(parameters_P);
        sparse.Load([.. sparse.Layout.Entries.SelectMany(entry => Of(dense.Layout, parameters_P, entry.Name))]);
        var rows = Batch();
        var (lists, batches) = new TouchedRows(Sparse).Localize([rows]);
        var local = batches[0];
        var pulled = new PulledRows(lists, sparse.Tables.SelectMany(table => lists.Lists[table.RowList].SelectMany(row =>
            Of(dense.Layout, parameters_P, table.Name).Skip(row * table.Dim).Take(table.Dim))).ToArray());

        Assert.Equal(dense.Predict(rows, PulledRows.None), sparse.Predict(local, pulled));
        Compare(perTask: false, (learner, batch, source, gradients) => learner.CombinedGradient(batch, source, 1, [0.5f, 2f], gradients));
        Compare(perTask: true, (learner, batch, source, gradients) => learner.TaskGradients(batch, source, 1, gradients));

        void Compare(bool perTask, Func<Learner, EncodedRows, PulledRows, float[], double[]> differentiate)
        {
            var shape = new TableShape(sparse.Tables, 2, perTask);
            var (denseGradients, sparseGradients) = (new float[Length(dense, perTask)], new float[Length(sparse, perTask) + shape.GradientsLength(lists)]);
            Assert.Equal(differentiate(dense, rows, PulledRows.None, denseGradients), differentiate(sparse, local, pulled, sparseGradients));
            var offset = Length(sparse, perTask);
            foreach (var table in sparse.Tables)
            {
                var entry = dense.Layout.Entries.Single(entry => entry.Name == table.Name);
                foreach (var row in lists.Lists[table.RowList])
                {
                    for (var copy = 0; copy < shape.Copies(table); copy++, offset += table.Dim)
                    {
                        var start = entry.Offset + row * table.Dim + (!perTask ? 0 : entry.Task is null ? copy * dense.Layout.SharedLength : dense.Layout.SharedLength);
                        for (var d = 0; d < table.Dim; d++)
                            Assert.Equal(denseGradients[start + d], sparseGradients[offset + d], 1e-5f);
                    }
                }
            }
            Assert.Equal(sparseGradients.Length, offset);
            Assert.Contains(sparseGradients.Skip(Length(sparse, perTask)), gradient => gradient != 0);
        }
    }

    private static int Length(Learner learner, bool perTask) => learner.Layout.Length + (perTask ? learner.Layout.SharedLength : 0);

    private static IEnumerable<float> Of(ParameterLayout layout, float[] parameters_P, string name)
    {
        var entry = layout.Entries.Single(entry => entry.Name == name);
        return parameters_P.Skip(entry.Offset).Take(entry.Length);
    }

    private static EncodedRows Batch()
    {
        var random = new StableRandom(5);
        return new EncodedRows
        {
            Count = Rows,
            DenseWidth = 2,
            Dense_BD = [.. Enumerable.Range(0, Rows * 2).Select(_ => (float)random.NextNormal())],
            CategoricalCount = 3,
            Ids_BC = [.. Enumerable.Range(0, Rows).SelectMany(_ => new[] { random.Next(50), random.Next(30), random.Next(5) })],
            Sequences = [Sequence(), Sequence()],
            TaskCount = 2,
            Labels_BT = [.. Enumerable.Range(0, Rows).SelectMany(_ => new[] { random.Next(2), (float)random.NextNormal() })],
        };

        SequenceColumn Sequence()
        {
            var offsets = new int[Rows + 1];
            for (var b = 0; b < Rows; b++)
                offsets[b + 1] = offsets[b] + random.Next(5);
            return new SequenceColumn([.. Enumerable.Range(0, offsets[^1]).Select(_ => random.Next(30))], offsets);
        }
    }
}
