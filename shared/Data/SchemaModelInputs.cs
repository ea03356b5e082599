using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Models.Encoders;

namespace DistMtl.Data;

/// <summary>What a model is fed, told from the schema.</summary>
public static class SchemaModelInputs
{
    /// <summary>Rates this close to 0 or 1 would give the first bias of a head no room to learn.</summary>
    private const double RateFloor = 1e-4;

    /// <param name="embeddings">Which tables are sparse.</param>
    public static ModelInputs ToModelInputs(this DataSchema schema, EmbeddingSettings embeddings)
    {
        var withTable = schema.Features.Where(feature => feature.TableRows > 0).ToList();
        return new ModelInputs(
            schema.DenseWidth,
            [.. withTable.Select(feature => Table(schema, feature, embeddings))],
            [.. schema.Features
                .Where(feature => feature.Settings.Kind == FeatureKind.Categorical || feature.Settings.HasSequence)
                .Select(feature => new EmbeddingLookup(
                    feature.Settings.Name, withTable.IndexOf(schema.TableOf(feature)), feature.Settings.HasSequence)
                {
                    Encoding = Encoding(schema, feature, withTable),
                })],
            [.. schema.Tasks.Select(task => new ModelTask(
                task.Settings.Name, task.Settings.Kind, Outputs(schema, task), InitialBias(schema, task))
            {
                After = [.. task.Settings.After.Select(before => IndexOf(schema, before))],
                Loss = Loss(schema, task),
                IsConditional = task.IsConditional,
                Retrieval = task.Settings.Retrieval is { } retrieval ? RetrievalOf(schema, withTable, task, retrieval) : null,
            })])
        {
            Domains = schema.Domains?.Count ?? 0,
        };
    }

    /// <summary>One logit, one for each class, or a vector as wide as an item's.</summary>
    private static int Outputs(DataSchema schema, FittedTask task) =>
        schema.IndexOfItem(task.Settings) is { } item ? schema.Features[item].Settings.Dim : task.Classes?.Count ?? 1;

    private static RetrievalInputs RetrievalOf(
        DataSchema schema, List<FittedFeature> withTable, FittedTask task, RetrievalSettings retrieval)
    {
        var (categoricals, sequences) = (schema.Categoricals, schema.Sequences);
        var (dense, column) = (new List<int>(), 0);
        foreach (var feature in schema.Features)
        {
            if (IsHidden(feature))
                dense.AddRange(Enumerable.Range(column, feature.DenseWidth));
            column += feature.DenseWidth;
        }
        var item = schema.Features[schema.IndexOfItem(task.Settings)!.Value];
        return new RetrievalInputs(
            withTable.IndexOf(item),
            categoricals.ToList().IndexOf(item),
            [.. Enumerable.Range(0, categoricals.Count).Where(i => IsHidden(categoricals[i]))],
            dense,
            [.. Enumerable.Range(0, sequences.Count).Where(i => IsHidden(sequences[i]))],
            retrieval.Temperature,
            retrieval.Correction == SamplingCorrection.LogQ
                ? [.. task.ItemRates!.Select(rate => (float)Math.Log(Math.Max(rate, float.Epsilon)))]
                : null);

        bool IsHidden(FittedFeature feature) => feature.Settings.Name == retrieval.Item || retrieval.ItemSide.Contains(feature.Settings.Name);
    }

    private static EmbeddingTable Table(DataSchema schema, FittedFeature feature, EmbeddingSettings embeddings) =>
        new(feature.Settings.Name, feature.TableRows, feature.Bert?.Hidden ?? feature.Settings.Dim)
        {
            LearningRate = feature.Bert is null ? feature.Settings.Pretrained?.TableLearningRate : BertBlueprint.LearningRate(feature.Settings.EncoderShape!),
            IsSparse = IsSparse(schema, feature, embeddings),
        };

    /// <summary>
    /// A table is dense whatever its size where a worker needs all of it (a retrieval task ranks all items) and where its
    /// first values come from a file.
    /// </summary>
    private static bool IsSparse(DataSchema schema, FittedFeature feature, EmbeddingSettings embeddings) =>
        embeddings.Storage switch
        {
            EmbeddingStorage.Dense => false,
            EmbeddingStorage.Sparse => true,
            _ => feature.TableRows >= EmbeddingSettings.SparseRows,
        }
        && feature.Bert is null && feature.Settings.Pretrained is null
        && !schema.Tasks.Any(task => task.Settings.Retrieval?.Item == feature.Settings.Name);

    private static SequenceEncoding? Encoding(DataSchema schema, FittedFeature feature, List<FittedFeature> withTable)
    {
        var settings = feature.Settings;
        if (settings.EncoderShape is not { } shape)
            return null;
        return new SequenceEncoding(settings.Encoder, shape, settings.MaxLength, settings.Kind == FeatureKind.Text)
        {
            Bert = feature.Bert,
            Target = shape.Target is { } target ? Target(schema, target, withTable) : null,
        };
    }

    private static (int Column, int Table) Target(DataSchema schema, string name, List<FittedFeature> withTable)
    {
        var categoricals = schema.Categoricals.ToList();
        var column = categoricals.FindIndex(feature => feature.Settings.Name == name);
        return (column, withTable.IndexOf(categoricals[column]));
    }

    /// <summary>Of the labels as they are learnt: over the entire space for a task whose own are conditional.</summary>
    private static double LearntRate(DataSchema schema, FittedTask task) => task.IsConditional
        ? task.Mean * task.Settings.After.Aggregate(1.0, (rate, before) => rate * LearntRate(schema, schema.Tasks[IndexOf(schema, before)]))
        : task.Mean;

    private static int IndexOf(DataSchema schema, string task)
    {
        for (var i = 0; i < schema.Tasks.Count; i++)
        {
            if (schema.Tasks[i].Settings.Name == task)
                return i;
        }
        throw new ArgumentException($"there is no task '{task}'", nameof(task));
    }

    /// <summary>"Balanced" is as many negative rows as there are for a positive one.</summary>
    private static LossSettings Loss(DataSchema schema, FittedTask task)
    {
        var rate = Math.Clamp(LearntRate(schema, task), RateFloor, 1 - RateFloor);
        var loss = task.Settings.Loss;
        return loss with { PositiveWeight = loss.PositiveWeight ?? (1 - rate) / rate };
    }

    /// <summary>
    /// The logit of the constant that the cross-entropy is least for: of the rate of the positive rows, weighted as the
    /// loss weighs them, drawn to one half by label smoothing. The focal loss is least for a constant nearer to one half;
    /// Lin et al. 2017, section 4.1, start below that for rare positives too.
    /// </summary>
    private static float InitialBias(DataSchema schema, FittedTask task)
    {
        if (task.Settings.Kind != TaskKind.Binary)
            return 0;
        var loss = Loss(schema, task);
        var rate = Math.Clamp(task.Mean, RateFloor, 1 - RateFloor);
        var weight = loss.PositiveWeight!.Value * (loss.Alpha is { } alpha ? alpha / (1 - alpha) : 1);
        // Nothing to weigh: the bits of the plain rate.
        var weighted = weight == 1 ? rate : weight * rate / (weight * rate + (1 - rate));
        var smoothed = weighted + loss.LabelSmoothing * (0.5 - weighted);
        return (float)Math.Log(smoothed / (1 - smoothed));
    }
}
