using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Tests;

/// <summary>The columns that say something about a row and are neither feature nor label.</summary>
public sealed class RowColumnsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_job_that_names_none_has_none()
    {
        var job = Job("x,y\n1,0\n2,1\n");
        var rows = job.LoadTrain();
        Assert.Null(rows.Groups_B);
        Assert.Null(rows.Weights_B);
        Assert.Null(rows.Domains_B);
        var schema = job.Fit().Schema;
        Assert.Null(schema.MeanWeight);
        Assert.Null(schema.Domains);
        Assert.Equal(0, schema.ToModelInputs(EmbeddingSettings.Default).Domains);
        Assert.DoesNotContain("domains", schema.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_equal_value_are_a_group_and_rows_without_are_in_none()
    {
        var groups_B = Job("x,y,user\n1,0,ann\n2,1,bob\n3,1,ann\n4,0,\n5,1,\n", data => data with { GroupBy = "user" }).LoadTrain().Groups_B!;
        Assert.Equal(groups_B[0], groups_B[2]);
        Assert.NotEqual(groups_B[0], groups_B[1]);
        Assert.Equal([EncodedRows.NoGroup, EncodedRows.NoGroup], groups_B[3..]);
        Assert.DoesNotContain(EncodedRows.NoGroup, groups_B[..3]);
    }

    [Fact]
    public void A_group_has_the_same_number_in_every_split_and_shard()
    {
        var text = string.Concat(Enumerable.Range(0, 300).Select(i => $"{i},{i % 2},u{i % 7}\n"));
        var job = Job("x,y,user\n" + text, data => data with { GroupBy = "user", Shards = 3, Validation = new ValidationSettings(0.3, null) });
        var shards = job.Load(job.Fit().Schema);
        var train = shards.Values.SelectMany(shard => shard.Train.Groups_B!).Distinct().Order();
        var validation = shards.Values.SelectMany(shard => shard.Validation.Groups_B!).Distinct().Order();
        Assert.Equal(7, train.Count());
        Assert.Equal(train, validation);
    }

    [Fact]
    public void Weights_have_the_mean_1_over_the_training_rows()
    {
        var job = Job("x,y,w\n1,0,10\n2,1,0\n3,1,20\n", data => data with { Weight = "w", Test = _folder.Write("test.csv", "x,y,w\n1,0,40\n") });
        var scan = job.Fit();
        Assert.Equal(10, scan.Schema.MeanWeight!.Value, 12);
        var shard = job.Load(scan.Schema)[0];
        Assert.Equal([1, 0, 2], shard.Train.Weights_B!);
        Assert.Equal([4], shard.Test.Weights_B!);
        Assert.Empty(shard.Validation.Weights_B!);
    }

    [Theory]
    [InlineData("", "w: the weight is missing; data.weight needs a number of at least 0 in every row")]
    [InlineData("-1", "w: '-1' is not a finite number of at least 0")]
    [InlineData("inf", "w: 'inf' is not a finite number of at least 0")]
    [InlineData("heavy", "w: 'heavy' is not a finite number of at least 0")]
    public void A_weight_that_is_none_makes_a_bad_row(string cell, string message)
    {
        var error = Assert.Throws<JobException>(() => Job($"x,y,w\n1,0,1\n2,1,{cell}\n", data => data with { Weight = "w" }).Fit());
        Assert.Contains($"rows.csv:3:3: {message}", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadInput, error.ExitCode);
    }

    [Fact]
    public void Domains_are_those_of_the_training_rows_in_ordinal_order_and_others_have_none()
    {
        var job = Job(
            "x,y,s\n1,0,shop\n2,1,feed\n3,1,\n4,0,Ads\n",
            data => data with { Domain = "s", Test = _folder.Write("test.csv", "x,y,s\n1,0,feed\n2,0,video\n") });
        var schema = job.Fit().Schema;
        Assert.Equal(["Ads", "feed", "shop"], schema.Domains!);
        Assert.Equal(3, schema.ToModelInputs(EmbeddingSettings.Default).Domains);
        var shard = job.Load(schema)[0];
        Assert.Equal([2, 1, EncodedRows.NoDomain, 0], shard.Train.Domains_B!);
        Assert.Equal([1, EncodedRows.NoDomain], shard.Test.Domains_B!);
    }

    [Theory]
    [InlineData("x,y,w,s\n1,0,0,a\n2,1,0,b\n", "data.weight: every training row has the weight 0 in column 'w'")]
    [InlineData("x,y,w,s\n1,0,1,\n2,1,2,\n", "data.domain: no training row has a value in column 's'")]
    [InlineData("x,y,v,s\n1,0,1,a\n", "data.weight: there is no column 'w'")]
    public void Columns_that_say_nothing_are_refused(string text, string message)
    {
        var error = Assert.Throws<JobException>(() => Job(text, data => data with { Weight = "w", Domain = "s" }).Fit());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_micro_batch_has_its_rows_groups_weights_and_domains()
    {
        var rows = Job("x,y,u,w,s\n1,0,a,1,p\n2,1,b,2,q\n3,1,c,3,p\n", data => data with { GroupBy = "u", Weight = "w", Domain = "s" }).LoadTrain();
        var batch = rows.Gather([2, 1, 2]);
        Assert.Equal([rows.Groups_B![2], rows.Groups_B[1], rows.Groups_B[2]], batch.Groups_B!);
        Assert.Equal([1.5f, 1, 1.5f], batch.Weights_B!);
        Assert.Equal([0, 1, 0], batch.Domains_B!);
    }

    [Fact]
    public void A_schema_with_domains_and_weights_survives_its_JSON()
    {
        var schema = Job("x,y,w,s\n1,0,0.1,b\n2,1,0.2,ä\"\n", data => data with { Weight = "w", Domain = "s" }).Fit().Schema;
        var again = DataSchema.FromJson(schema.ToJson());
        Assert.Equal(schema.Domains, again.Domains);
        Assert.Equal(schema.MeanWeight, again.MeanWeight);
    }

    private JobFile Job(string text, Func<DataSettings, DataSettings>? change = null) =>
        TestJob.Of(_folder.Write("rows.csv", text), [TestJob.Numeric("x")], [TestJob.Binary("y")]).WithData(change ?? (data => data));
}
