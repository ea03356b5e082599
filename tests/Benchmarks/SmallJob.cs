using System.Globalization;
using System.Text;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks;

/// <summary>
/// A job whose arithmetic is as good as nothing, two tasks over four small features, so that what is left is the cluster's
/// own cost. It lies with its rows in a temporary folder, which goes with it.
/// </summary>
internal sealed class SmallJob : IDisposable
{
    /// <summary>Of the training file; enough for 64 shards.</summary>
    private const int Rows = 8192;

    private const int Values = 50;
    private const int Fields = 4;
    private const ulong Seed = 1;

    private const string Yaml =
        """
        name: small
        seed: 1
        data: {train: train.csv, shards: 2}
        features:
          - {name: field_0, kind: categorical, dim: 8}
          - {name: field_1, kind: categorical, dim: 8}
          - {name: field_2, kind: categorical, dim: 8}
          - {name: field_3, kind: categorical, dim: 8}
        tasks:
          - {name: task_0, kind: binary, label: task_0}
          - {name: task_1, kind: binary, label: task_1}
        model: {architecture: mmoe, experts: 2, expert: [16], tower: [8], dropout: 0}
        weighting: {strategy: equal}
        training: {epochs: 1000000, batchSize: 128, checkpointEvery: 1000000000, device: cpu}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distmtl-small-");

    private SmallJob()
    {
        using (var file = new StreamWriter(System.IO.Path.Combine(_folder.FullName, "train.csv"), append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)))
        {
            file.Write("field_0,field_1,field_2,field_3,task_0,task_1\n");
            var random = new StableRandom(Seed);
            for (var row = 0; row < Rows; row++)
            {
                for (var field = 0; field < Fields; field++)
                    file.Write(string.Create(CultureInfo.InvariantCulture, $"{random.Next(Values)},"));
                file.Write(string.Create(CultureInfo.InvariantCulture, $"{random.Next(2)},{random.Next(2)}\n"));
            }
        }
        File.WriteAllText(Path, Yaml);
    }

    public string Path => System.IO.Path.Combine(_folder.FullName, "job.yaml");

    /// <summary>A folder for a run, not there yet.</summary>
    public string RunFolder => System.IO.Path.Combine(_folder.FullName, "run");

    public static SmallJob Write() => new();

    public void Dispose() => _folder.Delete(recursive: true);
}
