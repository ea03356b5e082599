using System.Globalization;
using System.Text.Json;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// One checkpoint: a folder with the tensors as safetensors, <c>job.json</c>, <c>schema.json</c> and their checksums.
/// It is written beside, flushed to disk and renamed, so a folder of that name is complete. The rows of sparse tables lie in
/// a chain of files (<see cref="TableChain"/>), all of which are in the folder, so that no checkpoint needs another.
/// </summary>
internal static class Checkpoint
{
    /// <summary>Before the step, in the folder's name.</summary>
    public const string NamePrefix = "step-";

    private const string ModelFile = "model.safetensors";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string JobFile = "job.json";
    private const string SchemaFile = "schema.json";

    /// <summary>Before the names of the weighting's vectors, which lie beside the optimiser's.</summary>
    private const string WeightingPrefix = "weighting/";

    /// <summary>Before the names of what data shards keep.</summary>
    private const string ShardPrefix = "shards/";

    /// <summary>Writes the checkpoint; one that is there already is replaced.</summary>
    /// <param name="before">The folder of the checkpoint that the tables' changes come on top of; null: these are all rows.</param>
    /// <exception cref="ArgumentException">A tensor's length is not the layout's.</exception>
    /// <exception cref="JobException">The checkpoint before is gone or damaged, and tables build on it.</exception>
    /// <exception cref="IOException">There is no space, or the disk has an error; the half of it lies beside.</exception>
    public static void Write(string directory, CheckpointContent content, string? before = null)
    {
        var folder = new FolderWriter(AtomicFile.Beside(directory));
        folder.Write(ModelFile, stream => Safetensors.Write(stream, [.. ModelTensors(content)]));
        folder.Write(OptimizerFile, stream => Safetensors.Write(stream, [.. OptimizerTensors(content)]));
        var tables = content.Tables.Count == 0 ? null : WriteTables(folder, content, before);
        folder.WriteText(JobFile, CheckpointJson.Write(content, tables));
        folder.WriteText(SchemaFile, content.SchemaJson);
        folder.Seal();
        FaultPlan.Own.At(FaultPhase.Checkpoint, content.Step);
        Publish(folder.Root, directory);
    }

    /// <summary>Reads a checkpoint, every file checked against its checksum.</summary>
    /// <exception cref="JobException">It is not there, not complete or damaged; the message names the file.</exception>
    public static CheckpointContent Read(string directory)
    {
        if (!Directory.Exists(directory))
            throw new JobException($"there is no checkpoint '{directory}'");
        try
        {
            Verify(directory);
            var content = CheckpointJson.Read(File.ReadAllText(Path.Combine(directory, JobFile)), out var states, out var weightingRows, out var tables);
            var model = Safetensors.Read(Path.Combine(directory, ModelFile)).Tensors;
            var optimizer = Safetensors.Read(Path.Combine(directory, OptimizerFile)).Tensors;
            return content with
            {
                SchemaJson = File.ReadAllText(Path.Combine(directory, SchemaFile)),
                Parameters_P = Flatten(content.Layout, model, ModelFile, prefix: ""),
                OptimizerState = states.ToDictionary(
                    state => state,
                    state => Flatten(content.Layout, optimizer, OptimizerFile, prefix: state + "/")),
                ShardStates = content.ShardStates.Keys.ToDictionary(name => name, name => Rows(optimizer, ShardPrefix + name)),
                WeightingRows_TS = weightingRows.ToDictionary(name => name, name => Rows(optimizer, WeightingPrefix + name)),
                Tables = tables?.Read(directory) ?? [],
            };
        }
        catch (Exception failure) when (IsDamage(failure))
        {
            throw new JobException($"checkpoint '{directory}': {failure.Message}", ExitCode.BadInput, failure);
        }
    }

    /// <summary>Checks every file against its checksum, and that the folder has the name of the step that it holds.</summary>
    /// <exception cref="InvalidDataException">The message names the file.</exception>
    public static void Verify(string directory)
    {
        Checksums.Verify(directory, [ModelFile, OptimizerFile, JobFile, SchemaFile]);
        var (step, tables) = PlaceOf(directory);
        if (Path.GetFileName(directory) != NameOf(step))
            throw new InvalidDataException($"it is the checkpoint of step {step}");
        if (tables is not null)
            Checksums.Verify(directory, tables.Files);
    }

    /// <summary>Of the folder.</summary>
    public static string NameOf(int step) => string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{step}");

    /// <summary>Whether an exception says that a checkpoint is not what was written, or cannot be read.</summary>
    public static bool IsDamage(Exception e) =>
        e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException or ArgumentException or OverflowException;

    private static TableChain WriteTables(FolderWriter folder, CheckpointContent content, string? before)
    {
        if (before is null)
            return TableChain.Start(folder, content.Step, content.Tables);
        try
        {
            Checksums.Verify(before, [JobFile]);
            var chain = PlaceOf(before).Tables ?? throw new InvalidDataException($"{JobFile} lists no tables");
            return chain.Extend(before, folder, content.Step, content.Tables);
        }
        catch (InvalidDataException failure)
        {
            throw new JobException(
                $"the tables' rows of step {content.Step} cannot be kept: they build on checkpoint '{before}': {failure.Message}", ExitCode.StorageFailed, failure);
        }
    }

    private static (int Step, TableChain? Tables) PlaceOf(string directory)
    {
        try
        {
            return (CheckpointJson.Read(File.ReadAllText(Path.Combine(directory, JobFile)), out _, out _, out var tables).Step, tables);
        }
        catch (Exception failure) when (failure is JsonException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"{JobFile}: {failure.Message}", failure);
        }
    }

    private static IEnumerable<NamedTensor> ModelTensors(CheckpointContent content) =>
        Tensors(content.Layout, content.Parameters_P, prefix: "");

    private static IEnumerable<NamedTensor> OptimizerTensors(CheckpointContent content) =>
        content.OptimizerState.SelectMany(state => Tensors(content.Layout, state.Value, prefix: state.Key + "/"))
            .Concat(content.ShardStates.Select(state => new NamedTensor(ShardPrefix + state.Key, [state.Value.Length], state.Value)))
            .Concat(content.WeightingRows_TS.Select(rows => RowTensor(content.Layout, WeightingPrefix + rows.Key, rows.Value)));

    private static NamedTensor RowTensor(ParameterLayout layout, string name, float[] values_TS) => layout.SharedLength > 0 && values_TS.Length % layout.SharedLength == 0
        ? new NamedTensor(name, [values_TS.Length / layout.SharedLength, layout.SharedLength], values_TS)
        : throw new ArgumentException($"{name} has {values_TS.Length} numbers, which are no rows of {layout.SharedLength}", nameof(values_TS));

    private static float[] Rows(IReadOnlyDictionary<string, NamedTensor> tensors, string name) => tensors.TryGetValue(name, out var tensor)
        ? tensor.Values.ToArray()
        : throw new InvalidDataException($"{OptimizerFile} has no tensor '{name}', which {JobFile} lists");

    private static IEnumerable<NamedTensor> Tensors(ParameterLayout layout, float[] values_P, string prefix)
    {
        if (values_P.Length != layout.Length)
            throw new ArgumentException($"{prefix}{values_P.Length} numbers for a layout of {layout.Length}", nameof(values_P));
        return layout.Entries.Select(e => new NamedTensor(prefix + e.Name, e.Shape, values_P.AsMemory(e.Offset, e.Length)));
    }

    private static float[] Flatten(
        ParameterLayout layout, IReadOnlyDictionary<string, NamedTensor> tensors, string file, string prefix)
    {
        var values_P = new float[layout.Length];
        foreach (var entry in layout.Entries)
        {
            if (!tensors.TryGetValue(prefix + entry.Name, out var tensor))
                throw new InvalidDataException($"{file} has no tensor '{prefix}{entry.Name}', which {JobFile} lists");
            if (!tensor.Shape.SequenceEqual(entry.Shape))
            {
                throw new InvalidDataException(
                    $"{file}: tensor '{tensor.Name}' is [{string.Join(", ", tensor.Shape)}], {JobFile} says [{string.Join(", ", entry.Shape)}]");
            }
            tensor.Values.Span.CopyTo(values_P.AsSpan(entry.Offset, entry.Length));
        }
        return values_P;
    }

    // A folder cannot be renamed over another, so the one that is replaced steps aside first. A crash in between leaves
    // none of this step, and the run goes on from the checkpoint before. What lies aside is a leftover for the store.
    private static void Publish(string beside, string directory)
    {
        var aside = beside + "-old";
        if (Directory.Exists(directory))
            Directory.Move(directory, aside);
        try
        {
            Directory.Move(beside, directory);
        }
        catch when (Directory.Exists(aside))
        {
            Directory.Move(aside, directory);
            throw;
        }
        AtomicFile.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(directory))!);
    }
}
