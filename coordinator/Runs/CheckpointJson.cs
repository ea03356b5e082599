using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DistMtl.Protocol;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Runs;

/// <summary>The <c>job.json</c> of a checkpoint: all that is not a tensor, readable by a person.</summary>
internal static class CheckpointJson
{
    private const int FormatVersion = 1;

    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <param name="tables">Where the tables lie; null: there are none.</param>
    public static string Write(CheckpointContent content, TableChain? tables) => JsonSerializer.Serialize(
        new Document(
            FormatVersion,
            content.Step,
            content.Epoch,
            content.Seed,
            content.RowsTrained,
            content.SecondsTrained,
            content.EarlyStopping,
            content.Validation,
            content.OptimizerSteps,
            [.. content.OptimizerState.Keys],
            content.WeightingState,
            content.Ledger,
            [.. content.Layout.Entries.Select(e => new Entry(e.Name, [.. e.Shape], e.Task, e.Initializer, e.InitialScale))],
            content.JobYaml.Split('\n'),
            content.WeightingRows_TS.Count == 0 ? null : [.. content.WeightingRows_TS.Keys],
            tables,
            content.ShardStates.Count == 0 ? null : [.. content.ShardStates.Keys]),
        _options) + "\n";

    /// <summary>The content but for its tensors and the schema, which stand in files of their own.</summary>
    /// <param name="optimizerStates">Names of the optimiser's states.</param>
    /// <param name="weightingRows">Names of the weighting's vectors; most have none.</param>
    /// <param name="tables">Where the tables lie; null: there are none.</param>
    /// <exception cref="JsonException">Not what <see cref="Write"/> writes.</exception>
    public static CheckpointContent Read(
        string text, out IReadOnlyList<string> optimizerStates, out IReadOnlyList<string> weightingRows, out TableChain? tables)
    {
        var document = JsonSerializer.Deserialize<Document>(text, _options) ?? throw new JsonException("empty");
        if (document.Format != FormatVersion)
            throw new JsonException($"format {document.Format}, where this version of distmtl reads format {FormatVersion}");
        optimizerStates = document.OptimizerStates;
        weightingRows = document.WeightingRows ?? [];
        tables = document.Tables;
        var layout = ParameterLayout.Create(document.Layout.Select(e =>
            new ParameterEntry(e.Name, [.. e.Shape], 0, e.Task, e.Initializer, e.InitialScale)));
        return new CheckpointContent(
            string.Join('\n', document.Job),
            document.Seed,
            SchemaJson: "",
            document.Step,
            document.Epoch,
            layout,
            Parameters_P: [],
            document.OptimizerSteps,
            ImmutableDictionary<string, float[]>.Empty,
            document.WeightingState,
            document.RowsTrained,
            document.SecondsTrained,
            document.EarlyStopping,
            document.Ledger,
            document.Validation)
        {
            // The names; their numbers stand with the optimiser's.
            ShardStates = (document.ShardStates ?? []).ToDictionary(name => name, _ => Array.Empty<float>()),
        };
    }

    // The job stands here line by line, so that it can be read.
    private sealed record Document(
        int Format,
        int Step,
        int Epoch,
        ulong Seed,
        long RowsTrained,
        double SecondsTrained,
        EarlyStoppingState? EarlyStopping,
        IReadOnlyList<TaskMetrics> Validation,
        long OptimizerSteps,
        IReadOnlyList<string> OptimizerStates,
        IReadOnlyDictionary<string, double[]> WeightingState,
        IReadOnlyList<LedgerRow> Ledger,
        IReadOnlyList<Entry> Layout,
        IReadOnlyList<string> Job,
        IReadOnlyList<string>? WeightingRows = null,
        TableChain? Tables = null,
        IReadOnlyList<string>? ShardStates = null);

    private sealed record Entry(string Name, IReadOnlyList<int> Shape, int? Task, Initializer Initializer, float InitialScale);
}
