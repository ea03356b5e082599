using DistMtl.Aggregation.Weightings;
using DistMtl.Data;
using DistMtl.Data.Pretrained;
using DistMtl.Learning.Layers;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Models.Encoders;
using static TorchSharp.torch;

namespace DistMtl.Learning.Tests.Encoders;

public sealed class BertTests : IDisposable
{
    private const string Rows = "title,y\nRed shoes,1\nblue,0\n,1\na caf\u00e9 RED shoe,0\n";

    /// <summary>What the tokenizer should make of the rows: lines of the vocabulary from 0.</summary>
    private static readonly int[][] s_tokens = [[2, 5, 6, 7, 3], [2, 8, 3], [], [2, 1, 9, 5, 6, 3]];

    private readonly string _folder = Directory.CreateTempSubdirectory("distmtl-bert-rows-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("bert.", false, Pooling.Cls)]
    [InlineData("", false, Pooling.Mean)]
    [InlineData("bert.", true, Pooling.Cls)]
    public void A_saved_bert_computes_what_its_weights_say(string prefix, bool isOld, Pooling pooling)
    {
        using var bert = new TinyBert(prefix, isOld);
        var trained = Begin(bert, $"train: frozen, pooling: {(pooling == Pooling.Cls ? "cls" : "mean")}");
        using var parameters = new FlatParameters(trained.Blueprint.Layout, TorchRuntime.Start(DeviceKind.Cpu));
        var input = new FeatureInput(trained.Blueprint.Inputs[0], trained.Blueprint.ModelInputs, parameters, new PulledTables(trained.Blueprint.Tables));
        parameters.Load(trained.Parameters_P);

        var encoded = input.Forward(trained.Rows, CPU, Dropout.None).data<float>().ToArray().Chunk(TinyBert.Hidden).ToArray();

        for (var b = 0; b < s_tokens.Length; b++)
        {
            var all = s_tokens[b].Length == 0 ? [new double[TinyBert.Hidden]] : bert.Encode(s_tokens[b]);
            var wanted = pooling == Pooling.Cls ? all[0] : Reference.Mean(all);
            for (var i = 0; i < TinyBert.Hidden; i++)
                Assert.Equal(wanted[i], encoded[b][i], 1e-5);
        }
    }

    [Theory]
    [InlineData(FineTuning.Full)]
    [InlineData(FineTuning.Adapters)]
    public void Gradients_agree_with_finite_differences(FineTuning train)
    {
        using var encoder = new EncoderCase(new SequenceEncoding(
            EncoderKind.Bert, new EncoderSettings { Train = train, Rank = 2, Pooling = Pooling.Mean }, 6, IsText: true)
        {
            Bert = new BertShape(EncoderCase.Dim, 2, 2, 6, 8, 1e-12),
        });
        encoder.AssertGradients();
    }

    [Fact]
    public void Adapters_begin_without_effect()
    {
        using var bert = new TinyBert();
        var (plain, adapted) = (Begin(bert, "train: frozen"), Begin(bert, "train: adapters, rank: 2"));

        Assert.Equal(Predict(plain), Predict(adapted));
    }

    [Theory]
    [InlineData("train: frozen", false, false)]
    [InlineData("train: adapters, rank: 2, alpha: 4", false, true)]
    [InlineData("train: full", true, false)]
    public void Training_changes_what_the_job_says_and_no_bit_more(string encoder, bool changesWeights, bool changesAdapters)
    {
        using var bert = new TinyBert();
        var job = Begin(bert, encoder);
        var before_P = job.Parameters_P.ToArray();

        Train(job, steps: 3);

        var changed = job.Blueprint.Layout.Entries
            .Where(entry => !before_P.AsSpan(entry.Offset, entry.Length).SequenceEqual(job.Parameters_P.AsSpan(entry.Offset, entry.Length)))
            .Select(entry => entry.Name).ToHashSet();
        Assert.Contains("head.y.weight", changed);
        Assert.Equal(changesWeights, changed.Contains("embedding.title"));
        Assert.Equal(changesWeights, changed.Contains("encoder.title.0.key.weight"));
        Assert.Equal(changesAdapters, changed.Contains("encoder.title.1.value.adapter.b"));
        Assert.Equal(changesAdapters, changed.Contains("encoder.title.0.query.adapter.a"));
        if (!changesWeights)
            Assert.All(changed, name => Assert.True(!name.Contains("title", StringComparison.Ordinal) || name.Contains(".adapter.", StringComparison.Ordinal), name));
    }

    [Fact]
    public void What_learns_has_the_learning_rate_of_the_job()
    {
        using var bert = new TinyBert();

        Assert.Equal(0.25, Rate(Begin(bert, "train: full, learningRate: 0.25"), "encoder.title.0.key.weight"));
        Assert.Equal(0.25, Rate(Begin(bert, "train: full, learningRate: 0.25"), "embedding.title"));
        Assert.Equal(0.25, Rate(Begin(bert, "train: adapters, learningRate: 0.25"), "encoder.title.0.query.adapter.a"));
        Assert.Equal(0, Rate(Begin(bert, "train: adapters, learningRate: 0.25"), "encoder.title.0.key.weight"));
        Assert.Null(Rate(Begin(bert, "train: full"), "encoder.title.0.key.weight"));
        Assert.Null(Rate(Begin(bert, "train: full"), "head.y.weight"));

        static double? Rate(Job job, string name) => job.Blueprint.Layout.Entries.Single(entry => entry.Name == name).LearningRate;
    }

    private static float[] Predict(Job job)
    {
        using var learner = new Learner(job.Blueprint.Settings, job.Blueprint.ModelInputs, TorchRuntime.Start(DeviceKind.Cpu));
        learner.Load(job.Parameters_P);
        return learner.Predict(job.Rows, PulledRows.None)[0];
    }

    private static void Train(Job job, int steps)
    {
        using var learner = new Learner(job.Blueprint.Settings, job.Blueprint.ModelInputs, TorchRuntime.Start(DeviceKind.Cpu));
        for (var step = 0; step < steps; step++)
        {
            learner.Load(job.Parameters_P);
            var gradients_P = new float[job.Parameters_P.Length];
            learner.CombinedGradient(job.Rows, PulledRows.None, 1, [1f], gradients_P);
            for (var i = 0; i < gradients_P.Length; i++)
                job.Parameters_P[i] -= 0.1f * gradients_P[i];
        }
    }

    /// <summary>From the job file to the first parameters, as a run does it.</summary>
    private Job Begin(TinyBert bert, string encoder)
    {
        File.WriteAllText(Path.Combine(_folder, "rows.csv"), Rows);
        var reading = JobFileReader.Parse($$"""
            name: test
            data: {train: rows.csv, shards: 1}
            features: [{name: title, kind: text, maxLength: 16, encoder: {kind: bert, path: {{bert.Folder}}, {{encoder}} } }]
            tasks: [{name: y, kind: binary, label: y}]
            model: {architecture: shared-bottom, bottom: [4], tower: []}
            """, "job.yaml", _folder, [], WeightingTable.Descriptions);
        Assert.Empty(reading.Problems);
        var job = reading.Job!;
        Assert.Empty(PretrainedFiles.Check(job));
        // A worker has the schema as text, and none of the encoder's files.
        var schema = DataSchema.FromJson(SchemaFitter.Fit(job, TestContext.Current.CancellationToken).Schema.ToJson());
        var blueprint = ModelBlueprint.Create(job.Model, schema.ToModelInputs(EmbeddingSettings.Default));
        var parameters_P = InitialParameters.Draw(blueprint.Layout, job.Seed);
        PretrainedParameters.Apply(blueprint, schema, parameters_P);
        var rows = ShardLoader.Load(job, schema, new HashSet<int> { 0 }, new HashSet<Split> { Split.Train }, TestContext.Current.CancellationToken)[0].Train;
        return new Job(blueprint, parameters_P, rows);
    }

    private sealed record Job(ModelBlueprint Blueprint, float[] Parameters_P, EncodedRows Rows);
}
