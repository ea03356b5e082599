using System.Text.Json;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// One checkpoint: a folder with the tensors as safetensors, <c>job.json</c>, <c>schema.json</c> and their checksums.
/// It is written beside, flushed to disk and renamed, so a folder of that name is complete. The rows of sparse tables lie in
/// a chain of files (<see cref="TableChain"/>), all of which are in the folder, so that no checkpoint needs another.
/// </summary>
internal static class Checkpoint
{
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
    public static void Write(string directory, CheckpointContent content, string? before = null)
    {
        var beside = AtomicFile.Beside(directory);
        if (Directory.Exists(beside))
            Directory.Delete(beside, recursive: true);
        Directory.CreateDirectory(beside);
        Safetensors.Write(Path.Combine(beside, ModelFile), [.. ModelTensors(content)]);
        Safetensors.Write(Path.Combine(beside, OptimizerFile), [.. OptimizerTensors(content)]);
        var sums = new Dictionary<string, string>();
        var tables = content.Tables.Count == 0 ? null : WriteTables(beside, content, before, sums);
        File.WriteAllText(Path.Combine(beside, JobFile), CheckpointJson.Write(content, tables));
        File.WriteAllText(Path.Combine(beside, SchemaFile), content.SchemaJson);
        Checksums.Write(beside, sums);
        foreach (var file in Directory.EnumerateFiles(beside))
            AtomicFile.FlushFile(file);
        AtomicFile.FlushDirectory(beside);
        Publish(beside, directory);
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
        catch (Exception failure) when (failure is IOException or InvalidDataException or JsonException)
        {
            throw new JobException($"checkpoint '{directory}': {failure.Message}", ExitCode.BadInput, failure);
        }
    }

    /// <summary>Checks every file against its checksum, without making sense of it.</summary>
    /// <exception cref="InvalidDataException">The message names the file.</exception>
    public static void Verify(string directory)
    {
        Checksums.Verify(directory, [ModelFile, OptimizerFile, JobFile, SchemaFile]);
        if (TablesOf(directory) is { } tables)
            Checksums.Verify(directory, tables.Files);
    }

    /// <param name="sums">Gets those of files that the checkpoint before has checked in.</param>
    private static TableChain WriteTables(string directory, CheckpointContent content, string? before, Dictionary<string, string> sums)
    {
        if (before is null)
            return TableChain.Start(directory, content.Step, content.Tables);
        try
        {
            Checksums.Verify(before, [JobFile]);
            var chain = TablesOf(before) ?? throw new InvalidDataException($"{JobFile} lists no tables");
            return chain.Extend(before, directory, content.Step, content.Tables, sums);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw new JobException(
                $"the tables' rows of step {content.Step} cannot be kept: they build on checkpoint '{before}': {failure.Message}", ExitCode.TrainingFailed, failure);
        }
    }

    private static TableChain? TablesOf(string directory)
    {
        try
        {
            CheckpointJson.Read(File.ReadAllText(Path.Combine(directory, JobFile)), out _, out _, out var tables);
            return tables;
        }
        catch (JsonException failure)
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
    // none of this step, and the run goes on from the checkpoint before.
    private static void Publish(string beside, string directory)
    {
        var aside = beside + "-old";
        if (Directory.Exists(directory))
            Directory.Move(directory, aside);
        Directory.Move(beside, directory);
        AtomicFile.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(directory))!);
        if (Directory.Exists(aside))
            Directory.Delete(aside, recursive: true);
    }
}
