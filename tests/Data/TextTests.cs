using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models.Encoders;

namespace DistMtl.Data.Tests;

public sealed class TextTests : IDisposable
{
    private const string Tokens = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\nshoe\n##s\ncafe\n!\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Words_are_runs_of_letters_digits_and_marks_in_lower_case()
    {
        var job = Job("Red-SHOES 42!,1\nred \u0928\u093F shoes;d\u00E9j\u00E0,0\n\"\",1\n\"-- !\",0\n", TestJob.Text("title"));

        var feature = job.Fit().Schema.Features[0];
        Assert.Equal(["red", "shoes", "42", "d\u00E9j\u00E0", "\u0928\u093F"], feature.Vocabulary);
        Assert.Equal(6, feature.TableRows);
        var sequence = job.LoadTrain().Sequences[0];
        Assert.Equal([1, 2, 3, 1, 5, 2, 4], sequence.Values);
        Assert.Equal([0, 3, 7, 7, 7], sequence.Offsets);
    }

    [Fact]
    public void Case_counts_where_the_job_says_so()
    {
        var job = Job("Red red,1\nred,0\n", TestJob.Text("title") with { Text = new TextSettings(TokenizerKind.Words, LowerCase: false) });

        Assert.Equal(["red", "Red"], job.Fit().Schema.Features[0].Vocabulary);
    }

    [Fact]
    public void A_text_keeps_its_first_words_and_rare_ones_are_unseen()
    {
        var job = Job("a b c a,1\nb a,0\nc d,1\n", TestJob.Text("title") with { MaxLength = 3, MinCount = 2 });

        Assert.Equal(["a", "b", "c"], job.Fit().Schema.Features[0].Vocabulary);
        Assert.Equal([1, 2, 3, 2, 1, 3, 0], job.LoadTrain().Sequences[0].Values);
    }

    [Fact]
    public void A_vocabulary_can_be_kept_to_its_most_frequent_words()
    {
        var job = Job("a b c a,1\nb a,0\n", TestJob.Text("title") with { Text = new TextSettings(TokenizerKind.Words, true) { MaxVocabulary = 2 } });

        Assert.Equal(["a", "b"], job.Fit().Schema.Features[0].Vocabulary);
    }

    [Fact]
    public void Bert_s_tokens_are_lines_of_its_vocabulary_between_cls_and_sep()
    {
        var job = Job("Red shoes!,1\n,0\nCaf\u00E9 cafe\u0301,1\nred red red red red,0\nblue,0\n", Bert() with { MaxLength = 6 });

        var sequence = job.LoadTrain().Sequences[0];
        Assert.Equal(11, job.Fit().Schema.Features[0].TableRows);
        Assert.Equal([3, 6, 7, 8, 10, 4, 3, 9, 9, 4, 3, 6, 6, 6, 6, 4, 3, 2, 4], sequence.Values);
        Assert.Equal([0, 6, 6, 10, 16, 19], sequence.Offsets);
    }

    [Fact]
    public void A_schema_with_text_reads_back_as_it_was_written()
    {
        var schema = Job("red,1\nshoes,0\n", Bert()).Fit().Schema;

        Assert.Equal(schema.ToJson(), DataSchema.FromJson(schema.ToJson()).ToJson());
        Assert.Equal(schema.Features[0].Settings.Text, DataSchema.FromJson(schema.ToJson()).Features[0].Settings.Text);
    }

    [Fact]
    public void A_schema_without_encoders_is_written_as_it_was_before_there_were_any()
    {
        var json = TestJob.Of(_folder.Write("rows.csv", "item,history,y\na,a|b,1\nb,,0\n"), [TestJob.Categorical("item"), TestJob.Sequence("history", "item")], [TestJob.Binary("y")])
            .Fit().Schema.ToJson();

        Assert.Contains("\"encoder\":\"mean\",\"width\":0}", json, StringComparison.Ordinal);
        Assert.DoesNotContain("bert", json, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_model_is_told_the_encoder_and_its_target()
    {
        var sequence = TestJob.Sequence("history", "item") with { Encoder = EncoderKind.Din, EncoderShape = new EncoderSettings { Hidden = 6, Target = "item" } };
        var job = TestJob.Of(
            _folder.Write("rows.csv", "city,item,history,title,y\nx,a,a|b,red,1\ny,b,a,,0\n"),
            [TestJob.Categorical("city"), TestJob.Categorical("item"), sequence, TestJob.Text("title") with { Encoder = EncoderKind.Gru, EncoderShape = new EncoderSettings { Hidden = 5 } }],
            [TestJob.Binary("y")]);

        var inputs = job.Fit().Schema.ToModelInputs(EmbeddingSettings.Default);

        Assert.Equal(new SequenceEncoding(EncoderKind.Din, sequence.EncoderShape!, 50, IsText: false) { Target = (1, 1) }, inputs.Lookups[2].Encoding);
        Assert.True(inputs.Lookups[3].Encoding!.IsText);
        Assert.Equal(8 + 8 + 8 + 5, inputs.InputWidth);
    }

    private FeatureSettings Bert() => TestJob.Text("title") with
    {
        Text = new TextSettings(TokenizerKind.Bert, LowerCase: true) { Vocabulary = _folder.Write("vocab.txt", Tokens) },
    };

    private JobFile Job(string rows, FeatureSettings feature) =>
        TestJob.Of(_folder.Write("rows.csv", "title,y\n" + rows), [feature], [TestJob.Binary("y")]);
}
