using CsCheck;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class JobFileWriterTests
{
    private const string Everything = """
        name: all-1.0
        seed: 18446744073709551615
        data:
          format: csv
          train: "/data/train *.csv"
          validation: {path: /data/validation.csv.gz}
          test: /data/test.csv
          columns: ["age", "item id", "true", "history", "image", "clicked", "stars", "kind"]
          missing: ["", "?", "NA"]
          shards: 16
          shardBy: "item id"
          key: ["age", "item id"]
          groupBy: "item id"
          weight: age
          domain: "true"
          maxBadRows: 0.001
        features:
          - {name: age, kind: numeric, column: age, transform: log1p}
          - {name: item, kind: categorical, column: "item id", dim: 16, buckets: 1000}
          - {name: flag, kind: categorical, column: "true", dim: 8, minCount: 3}
          - {name: history, kind: sequence, column: history, separator: "\t", maxLength: 20, embedding: item, encoder: mean}
          - {name: words, kind: sequence, column: history, separator: " ", maxLength: 50, encoder: mean, dim: 8, minCount: 1}
          - {name: image, kind: vector, column: image, separator: ";", width: 64}
        tasks:
          - {name: click, kind: binary, label: clicked, positive: "yes", loss: focal, gamma: 1.5, alpha: 0.25, positiveWeight: balanced, labelSmoothing: 0.1, learningRate: 0.01}
          - {name: stars, kind: regression, label: stars, missing: ["-1"], after: ["click"], loss: huber, delta: 0.5}
          - {name: sort, kind: multiclass, label: kind, loss: logLoss, labelSmoothing: 0.05}
        model: {architecture: shared-bottom, bottom: [128, 64], tower: [], dropout: 0.25}
        weighting: {strategy: cagrad, scale: raw, scope: trunk, c: 0.4, iterations: 100}
        optimizer: {kind: adamw, learningRate: 0.001, weightDecay: 1.0e-05, beta1: 0.9, beta2: 0.999, epsilon: 1.0e-08, schedule: {kind: cosine, warmup: 0.1, minimum: 0.01}, clipNorm: 1, groups: [{match: "embedding.*", learningRate: 0.01, weightDecay: 0}, {match: head.click.bias, learningRate: 0}]}
        embeddings: {storage: sparse, optimizer: {kind: rowwise-adagrad, learningRate: 0.02}, admission: 3, expiry: 1000}
        metrics: {at: [3, 20], threshold: 0.25, calibrationBuckets: 15}
        training:
          epochs: 3
          batchSize: 1024
          accumulate: 4
          parameterServers: {count: 4, placement: workers}
          mode: staleSynchronous
          staleness: 2
          maxSteps: 500
          evaluateEvery: 100
          checkpointEvery: 50
          earlyStopping: {metric: {click.gauc: 1, "click.ndcg@20": 1, stars.rmse: 0.5}, patience: 2}
          device: cuda
          stepTimeoutSeconds: 60
        search:
          method: halving
          trials: 27
          metric: {click.auc: 1}
          seed: 9
          parameters: {optimizer.learningRate: {low: 1.0e-05, high: 0.01, scale: log, kind: real}, weighting.c: {choices: ["0.2", "0.4"]}}

        """;

    [Fact]
    public void Canonical_text_stays_as_it_is() =>
        Assert.Equal(Everything, JobFileWriter.Write(TestJob.Valid(Everything)));

    [Fact]
    public void Folds_are_written_as_they_were_read()
    {
        var job = TestJob.Valid(TestJob.With("  validation: {fraction: 0.1}\n", "").Replace("epochs: 3", "epochs: 3, folds: 5", StringComparison.Ordinal));

        Assert.Equal(5, TestJob.Valid(JobFileWriter.Write(job)).Training.Folds);
    }

    [Fact]
    public void Local_steps_are_written_as_they_were_read()
    {
        var text = JobFileWriter.Write(TestJob.Valid(TestJob.With("epochs: 3", "epochs: 3, localSteps: 8, outer: {learningRate: 1, momentum: 0}")));

        Assert.Contains("  mode: synchronous\n  localSteps: 8\n  outer: {learningRate: 1, momentum: 0}\n", text, StringComparison.Ordinal);
        Assert.Equal(new OuterSettings(1, 0), TestJob.Valid(text).Training.Outer);
    }

    [Fact]
    public void Defaults_are_written_out()
    {
        var expected = $$"""
            name: shop
            seed: 1
            data:
              format: tsv
              train: {{Path.Combine(Path.GetTempPath(), "train.tsv.gz")}}
              missing: [""]
              shards: 8
              maxBadRows: 0
            features:
              - {name: age, kind: numeric, column: age, transform: none}
            tasks:
              - {name: click, kind: binary, label: clicked}
            model: {architecture: mmoe, experts: 4, expert: [64, 32], tower: [16], dropout: 0}
            weighting: {strategy: equal, scale: tasks}
            optimizer: {kind: adam, learningRate: 0.001, weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1.0e-08}
            metrics: {at: [5, 10], threshold: 0.5, calibrationBuckets: 10}
            training:
              epochs: 1
              batchSize: 1024
              mode: synchronous
              device: auto
              stepTimeoutSeconds: 60

            """;

        Assert.Equal(expected, JobFileWriter.Write(TestJob.Valid("""
            name: shop
            data: {train: train.tsv.gz}
            features: [{name: age, kind: numeric}]
            tasks: [{name: click, kind: binary, label: clicked}]
            """)));
    }

    [Fact]
    public void What_is_written_reads_as_the_same_job() => RandomJob.Any.Sample(job =>
    {
        var reading = TestJob.Read(JobFileWriter.Write(job));

        Assert.Empty(reading.Problems);
        Assert.Equivalent(job, reading.Job, strict: true);
    }, iter: 200);

    [Theory]
    [InlineData("model: {architecture: aitm, bottom: [32, 16], calibrator: 0.25, tower: [], dropout: 0}")]
    [InlineData("model: {architecture: esmm, bottom: [32, 16], tower: [8], dropout: 0}")]
    [InlineData("model: {architecture: star, bottom: [32, 16], tower: [8], dropout: 0}")]
    [InlineData("model: {architecture: shared-domain, bottom: [32, 16], tower: [8], dropout: 0}")]
    public void Architectures_that_ask_for_more_are_written_as_they_were_read(string model)
    {
        var text = TestJob.With("model: {architecture: mmoe}", model)
            .Replace("  train: train.csv", "  train: train.csv\n  domain: country", StringComparison.Ordinal)
            .Replace("kind: regression, label: rating", "kind: binary, label: rated, after: click", StringComparison.Ordinal);

        Assert.Contains(model + "\n", JobFileWriter.Write(TestJob.Valid(text)), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_and_any_number_survive()
    {
        Gen.Select(Gen.String[Gen.Char['\u0001', '\uD7FF'], 1, 20], Gen.Double.Unit).Sample((text, rate) =>
        {
            var job = TestJob.Valid(TestJob.Text);
            job = job with
            {
                Data = job.Data with { Missing = [text, ""], ShardBy = text, MaxBadRows = rate },
                Tasks = [job.Tasks[0] with { Label = text + "!" }],
            };

            var again = TestJob.Valid(JobFileWriter.Write(job));

            Assert.Equal([text, ""], again.Data.Missing);
            Assert.Equal(text, again.Data.ShardBy);
            Assert.Equal(rate, again.Data.MaxBadRows);
            Assert.Equal(text + "!", again.Tasks[0].Label);
        }, iter: 200);
    }
}
