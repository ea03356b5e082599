using DistMtl.Data.Pretrained;
using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.Data.Tests.Pretrained;

public sealed class PretrainedTests : IDisposable
{
    private const int Dim = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Architecture.SharedBottom, "embedding.item")]
    [InlineData(Architecture.SingleTask, "y.embedding.item")]
    public void Rows_go_to_the_ids_of_their_values_and_the_others_stay(Architecture architecture, string table)
    {
        var job = Job() with { Model = new ModelSettings(architecture, 1, [], [4], [], 0) };
        var (before, after) = (Table(job with { Features = [job.Features[0] with { Pretrained = null }] }, table), Table(job, table));

        // The vocabulary is b, a, c; the file knows c, z and a.
        Assert.Equal([before[0], before[1], [5f, 6f], [1f, 2f]], after);
    }

    [Theory]
    [InlineData(true, null, 0.0)]
    [InlineData(false, 0.5, 0.5)]
    [InlineData(false, null, null)]
    public void The_table_has_the_learning_rate_of_the_job(bool freeze, double? learningRate, double? expected)
    {
        var job = Job(Settings() with { Freeze = freeze, LearningRate = learningRate });

        Assert.Equal(expected, Blueprint(job).Layout.Entries.Single(entry => entry.Name == "embedding.item").LearningRate);
    }

    [Fact]
    public void Files_that_fit_are_no_problem() => Assert.Empty(PretrainedFiles.Check(Job()));

    [Fact]
    public void What_is_wrong_is_said_before_anything_starts()
    {
        var (settings, twice, few) = (Settings(), _folder.Write("twice.txt", "c\nz\nc\n"), _folder.Write("few.txt", "c\nz\n"));
        var broken = _folder.Write("broken.safetensors", "no tensors");

        AssertProblem(settings with { Tensor = "vector" }, $"{settings.File} has no tensor 'vector'; did you mean 'vectors'?");
        AssertProblem(settings with { Tensor = "wide" }, $"{settings.File}: tensor 'wide' has the shape [3, 3], but [any, 2] is needed");
        AssertProblem(settings with { Keys = few }, $"{few} has 2 lines, but tensor 'vectors' of {settings.File} has 3 rows; line i names the value of row i");
        AssertProblem(settings with { Keys = twice }, $"{twice}:3: 'c' stands in line 1 too; every value should stand once");
        AssertProblem(settings with { File = broken }, $"{broken} is not a sound safetensors file: its header claims");
        AssertProblem(settings with { Keys = _folder.PathOf("none.txt") }, $"{_folder.PathOf("none.txt")} can't be read");
    }

    [Fact]
    public void Rows_of_other_values_altogether_are_refused()
    {
        var keys = _folder.Write("others.txt", "x\ny\nz\n");
        var job = Job(Settings() with { Keys = keys });

        Assert.Equal(
            $"feature 'item': none of its 3 values stands in {keys}",
            Assert.Throws<JobException>(() => Table(job, "embedding.item")).Message);
    }

    [Fact]
    public void A_weight_that_is_no_number_is_named()
    {
        var file = _folder.PathOf("nan.safetensors");
        Safetensors.Write(file, [new NamedTensor("vectors", [3, Dim], new float[] { 1, 2, 3, float.NaN, 5, 6 })]);
        var job = Job(Settings() with { File = file });

        Assert.Equal(
            $"{file}: element 3 of tensor 'vectors' is NaN; weights must be finite",
            Assert.Throws<JobException>(() => Table(job, "embedding.item")).Message);
    }

    [Fact]
    public void A_bert_that_does_not_fit_is_refused_before_anything_starts()
    {
        _folder.Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\n");
        Safetensors.Write(_folder.PathOf("model.safetensors"), [new NamedTensor("bert.embeddings.word_embedding.weight", [6, 4], new float[24])]);

        AssertBert(64, "{}", "config.json lacks 'hidden_size', a whole number above 0");
        AssertBert(64, Config("gelu_new", 64), "config.json: hidden_act is 'gelu_new'; only 'gelu' is known");
        AssertBert(64, "{", "config.json is no configuration of a BERT:");
        AssertBert(65, Config("gelu", 64), "has 64 positions; maxLength must be at most that, but is 65");
        AssertBert(64, Config("gelu", 64), "has no tensor 'bert.embeddings.word_embeddings.weight'; did you mean 'bert.embeddings.word_embedding.weight'?");
    }

    [Fact]
    public void A_vocabulary_without_bert_s_tokens_is_refused()
    {
        var path = _folder.Write("vocab.txt", "red\nblue\n");
        var job = Job() with
        {
            Features = [TestJob.Text("item") with { Text = new TextSettings(TokenizerKind.Bert, true) { Vocabulary = path } }],
        };

        var problem = Assert.Single(PretrainedFiles.Check(job));
        Assert.Equal(new DataProblem("features[0].vocabulary", $"{path} is no vocabulary of a BERT: it lacks the token [PAD]"), problem);
    }

    private static string Config(string activation, int positions) =>
        $$"""{"hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 4, "max_position_embeddings": {{positions}}, "hidden_act": "{{activation}}"}""";

    private void AssertBert(int maxLength, string config, string message)
    {
        _folder.Write("config.json", config);
        var job = Job() with
        {
            Features =
            [
                TestJob.Text("item") with
                {
                    MaxLength = maxLength,
                    Encoder = EncoderKind.Bert,
                    EncoderShape = new EncoderSettings { Path = _folder.Root },
                    Text = new TextSettings(TokenizerKind.Bert, true) { Vocabulary = _folder.PathOf("vocab.txt") },
                },
            ],
        };
        var problem = Assert.Single(PretrainedFiles.Check(job));
        Assert.Equal("features[0].encoder.path", problem.KeyPath);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    private void AssertProblem(PretrainedSettings settings, string message)
    {
        var problem = Assert.Single(PretrainedFiles.Check(Job(settings)));
        Assert.Equal("features[0].pretrained", problem.KeyPath);
        Assert.StartsWith(message, problem.Message, StringComparison.Ordinal);
    }

    private PretrainedSettings Settings()
    {
        var file = _folder.PathOf("vectors.safetensors");
        Safetensors.Write(file,
        [
            new NamedTensor("vectors", [3, Dim], new float[] { 1, 2, 3, 4, 5, 6 }),
            new NamedTensor("wide", [3, 3], new float[9]),
        ]);
        return new PretrainedSettings(file, "vectors", _folder.Write("keys.txt", "c\nz\na\n"), Freeze: false);
    }

    private JobFile Job(PretrainedSettings? settings = null) => TestJob.Of(
        _folder.Write("rows.csv", "item,y\nb,1\na,0\nb,1\na,0\nb,0\nc,1\n"),
        [TestJob.Categorical("item") with { Dim = Dim, Pretrained = settings ?? Settings() }],
        [TestJob.Binary("y")]);

    private static ModelBlueprint Blueprint(JobFile job) => ModelBlueprint.Create(job.Model, job.Fit().Schema.ToModelInputs(EmbeddingSettings.Default));

    private static float[][] Table(JobFile job, string name)
    {
        var blueprint = Blueprint(job);
        var parameters_P = InitialParameters.Draw(blueprint.Layout, 3);
        PretrainedParameters.Apply(blueprint, job.Fit().Schema, parameters_P);
        var entry = blueprint.Layout.Entries.Single(entry => entry.Name == name);
        return [.. parameters_P.AsSpan(entry.Offset, entry.Length).ToArray().Chunk(Dim)];
    }
}
