using System.Globalization;
using System.Text;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks;

/// <summary>A job file and its random rows in a temporary folder, which goes with it.</summary>
internal sealed class BenchmarkJob : IDisposable
{
    /// <summary>Its ids are drawn from so many that they fill ten million buckets, too.</summary>
    public const string WideField = "field_0";

    /// <summary>A multiple of the micro-batch, more than one worker's steps take, and small enough that reading it takes a few seconds.</summary>
    private const int Rows = 208 * ModelSize.Batch;

    private const int DistinctWideIds = 100_000_000;

    /// <summary>The most that a job has.</summary>
    private const int MaxTasks = 4;

    /// <summary>Many times the buckets, so that hashing fills them evenly.</summary>
    private const int DistinctIds = 1_000_000;

    private const ulong Seed = 1;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distmtl-benchmark-");
    private int _runs;

    private BenchmarkJob()
    {
        WriteRows(Path.Combine(_folder.FullName, "train.csv"));
        for (var tasks = 1; tasks <= MaxTasks; tasks++)
            File.WriteAllText(PathOf(tasks), Yaml(tasks));
    }

    /// <summary>The job of so many tasks, 1 to 4.</summary>
    public string PathOf(int tasks) => Path.Combine(_folder.FullName, string.Create(CultureInfo.InvariantCulture, $"job-{tasks}.yaml"));

    public static BenchmarkJob Write() => new();

    /// <summary>A folder for a run, not there yet.</summary>
    public string NewRunFolder() => Path.Combine(_folder.FullName, string.Create(CultureInfo.InvariantCulture, $"run-{++_runs}"));

    public void Dispose() => _folder.Delete(recursive: true);

    private static void WriteRows(string path)
    {
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        file.Write(string.Join(',', Enumerable.Range(0, ModelSize.Fields).Select(Field).Concat(Enumerable.Range(0, MaxTasks).Select(Task))));
        file.Write('\n');
        var random = new StableRandom(Seed);
        for (var row = 0; row < Rows; row++)
        {
            for (var field = 0; field < ModelSize.Fields; field++)
                file.Write(string.Create(CultureInfo.InvariantCulture, $"{random.Next(field == 0 ? DistinctWideIds : DistinctIds)},"));
            for (var task = 0; task < MaxTasks; task++)
                file.Write(string.Create(CultureInfo.InvariantCulture, $"{(task == 0 ? "" : ",")}{random.Next(2)}"));
            file.Write('\n');
        }
    }

    /// <summary>For one worker; what depends on their number is set on the command line. No evaluation, no checkpoint before the end.</summary>
    private static string Yaml(int tasks)
    {
        var yaml = new StringBuilder();
        yaml.Append("name: benchmark\n").Append(CultureInfo.InvariantCulture, $"seed: {Seed}\n");
        yaml.Append("data: {train: train.csv, shards: 1}\n");
        yaml.Append("features:\n");
        for (var field = 0; field < ModelSize.Fields; field++)
            yaml.Append(CultureInfo.InvariantCulture, $"  - {{name: {Field(field)}, kind: categorical, buckets: {ModelSize.RowsPerField}, dim: {ModelSize.Dim}}}\n");
        yaml.Append("tasks:\n");
        for (var task = 0; task < tasks; task++)
            yaml.Append(CultureInfo.InvariantCulture, $"  - {{name: {Task(task)}, kind: binary, label: {Task(task)}}}\n");
        yaml.Append(CultureInfo.InvariantCulture,
            $"model: {{architecture: mmoe, experts: {ModelSize.Experts}, expert: [{Joined(ModelSize.Expert)}], tower: [{Joined(ModelSize.Tower)}], dropout: 0}}\n");
        yaml.Append("weighting: {strategy: equal}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"optimizer: {{kind: adam, learningRate: {ModelSize.LearningRate}}}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"training: {{epochs: 1000000, batchSize: {ModelSize.Batch}, checkpointEvery: 1000000000, device: cpu}}\n");
        return yaml.ToString();
    }

    private static string Field(int field) => string.Create(CultureInfo.InvariantCulture, $"field_{field}");

    private static string Task(int task) => string.Create(CultureInfo.InvariantCulture, $"task_{task}");

    private static string Joined(ReadOnlySpan<int> widths) => string.Join(", ", widths.ToArray());
}
