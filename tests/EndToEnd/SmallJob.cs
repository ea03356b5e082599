namespace DistMtl.EndToEnd.Tests;

/// <summary>A job of a few seconds on generated rows, with every kind of feature that can be had, and dropout on.</summary>
internal static class SmallJob
{
    public static string Write(TemporaryFolder folder, string strategy = "equal", int epochs = 2, int rows = 2000, string more = "")
    {
        var path = folder["job.yaml"];
        File.WriteAllText(path, $$"""
            name: small
            seed: 3
            data:
              format: csv
              train: train.csv
              generate: {dataset: ecommerce, rows: {{rows}}, seed: 5}
              validation: {fraction: 0.2}
              shards: 5
              shardBy: user_id
              groupBy: item_id
            features:
              - {name: user_id, kind: categorical, buckets: 500, dim: 8}
              - {name: item_id, kind: categorical, dim: 8}
              - {name: domain, kind: categorical, dim: 4}
              - {name: price, kind: numeric, transform: log1p}
              - {name: history, kind: sequence, separator: "|", maxLength: 10, embedding: item_id}
            tasks:
              - {name: click, kind: binary, label: click}
              - {name: cart, kind: binary, label: cart}
              - {name: rating, kind: regression, label: rating}
            model: {architecture: mmoe, experts: 3, expert: [16, 8], tower: [4], dropout: 0.2}
            weighting: {strategy: {{strategy}}}
            optimizer: {kind: adam, learningRate: 0.003}
            training: {epochs: {{epochs}}, batchSize: 256}
            {{more}}
            """);
        return path;
    }
}
