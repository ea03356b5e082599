using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

/// <summary>A small valid job, strategies to read it with, and ways to break it.</summary>
internal static class TestJob
{
    public const string Name = "job.yaml";

    /// <summary>Line numbers in the tests are those of this text.</summary>
    public const string Text = """
        name: shop
        seed: 7
        data:
          train: train.csv
          validation: {fraction: 0.1}
        features:
          - {name: age, kind: numeric}
          - {name: item, kind: categorical, dim: 4}
          - {name: history, kind: sequence, embedding: item}
        tasks:
          - {name: click, kind: binary, label: clicked}
          - {name: stars, kind: regression, label: rating}
        model: {architecture: mmoe}
        weighting: {strategy: equal}
        optimizer: {kind: adam}
        training: {epochs: 3}

        """;

    public static readonly IReadOnlyList<WeightingDescription> Weightings =
    [
        new("equal", new Dictionary<string, double>(), TakesWeights: false),
        new("static", new Dictionary<string, double>(), TakesWeights: true),
        new("uncertainty", new Dictionary<string, double>(), TakesWeights: false),
        new("dwa", new Dictionary<string, double> { ["temperature"] = 2 }, TakesWeights: false),
        new("cagrad", new Dictionary<string, double> { ["c"] = 0.5, ["iterations"] = 100 }, TakesWeights: false),
        new("metabalance", new Dictionary<string, double>(), TakesWeights: false)
        {
            Words = new Dictionary<string, IReadOnlyList<string>> { ["balance"] = ["both", "longer"] },
            TaskWords = ["main"],
        },
        new("graddrop", new Dictionary<string, double> { ["leak"] = 0 }, TakesWeights: false) { RewritesRows = true },
        new("pareto", new Dictionary<string, double>(), TakesWeights: false) { TakesMinimum = true },
    ];

    /// <summary>Reads a text without looking for its data.</summary>
    public static JobReading Read(string yaml, params string[] overrides) =>
        JobFileReader.Parse(yaml, Name, Path.GetTempPath(), overrides, Weightings, checkFiles: false);

    /// <summary>The valid job with one piece of its text replaced, which must be there once.</summary>
    public static string With(string old, string replacement)
    {
        Assert.Equal(2, Text.Split(old).Length);
        return Text.Replace(old, replacement, StringComparison.Ordinal);
    }

    public static JobFile Valid(string yaml, params string[] overrides)
    {
        var reading = Read(yaml, overrides);
        Assert.Empty(reading.Problems);
        return reading.Job!;
    }
}
