using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Tests;

public sealed class SchemaFitterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_vocabulary_is_ordered_by_frequency_then_ordinally_and_leaves_out_rare_values()
    {
        var job = Job("c,y\nb,0\na,1\nb,0\nB,0\nz,1\nz,1\n,0\n", [TestJob.Categorical("c")]);
        Assert.Equal(["b", "z", "B", "a"], job.Fit().Schema.Features[0].Vocabulary);
        var frequent = (job with { Features = [TestJob.Categorical("c", minCount: 2)] }).Fit().Schema.Features[0];
        Assert.Equal(["b", "z"], frequent.Vocabulary);
        Assert.Equal(3, frequent.TableRows);
    }

    [Fact]
    public void Numbers_are_standardised_by_mean_and_population_deviation()
    {
        var job = Job("x,y\n2,0\n4,1\n,0\n6,1\n", [TestJob.Numeric("x")]);
        var feature = job.Fit().Schema.Features[0];
        Assert.Equal(4, feature.Mean, 12);
        Assert.Equal(Math.Sqrt(8.0 / 3), feature.Deviation, 12);
        var expected = (float)(2 / Math.Sqrt(8.0 / 3));
        Assert.Equal([-expected, 0, 0, expected], job.LoadTrain().Dense_BD);
    }

    [Fact]
    public void A_large_mean_does_not_cost_the_deviation_its_digits()
    {
        var job = Job("x,y\n1000000001,0\n1000000003,1\n", [TestJob.Numeric("x")]);
        Assert.Equal(1, job.Fit().Schema.Features[0].Deviation, 9);
    }

    [Fact]
    public void A_constant_column_has_deviation_1_and_encodes_to_0()
    {
        var job = Job("x,y\n0.1,0\n0.1,1\n0.1,1\n", [TestJob.Numeric("x")]);
        Assert.Equal(1, job.Fit().Schema.Features[0].Deviation);
        Assert.All(job.LoadTrain().Dense_BD, value => Assert.Equal(0, value, 1e-6f));
    }

    [Fact]
    public void The_logarithm_keeps_the_sign()
    {
        var job = Job("x,y\n-9,0\n99,1\n", [TestJob.Numeric("x", NumericTransform.Log1p)]);
        Assert.Equal((Math.Log(100) - Math.Log(10)) / 2, job.Fit().Schema.Features[0].Mean, 12);
    }

    [Fact]
    public void Tasks_know_the_rates_of_their_labels()
    {
        var job = TestJob.Of(
            _folder.Write("rows.csv", "x,b,m,r\n1,1,red,2\n2,0,blue,4\n3,,red,\n4,0,,6\n"),
            [TestJob.Numeric("x")],
            [TestJob.Binary("b"), TestJob.Multiclass("m"), TestJob.Regression("r")]);
        var tasks = job.Fit().Schema.Tasks;
        Assert.Equal(1.0 / 3, tasks[0].Mean, 12);
        Assert.Equal(3, tasks[0].TrainLabels);
        Assert.Equal(["blue", "red"], tasks[1].Classes);
        Assert.Equal([1.0 / 3, 2.0 / 3], tasks[1].ClassRates);
        Assert.Equal(4, tasks[2].Mean, 12);
        Assert.Equal(Math.Sqrt(8.0 / 3), tasks[2].Deviation, 12);
    }

    [Fact]
    public void Validation_rows_teach_nothing()
    {
        var train = string.Concat(Enumerable.Range(0, 2000).Select(i => $"v{i},{i},{i % 2}\n"));
        var job = Job($"c,x,y\n{train}", [TestJob.Categorical("c"), TestJob.Numeric("x")])
            .WithData(data => data with { Validation = new ValidationSettings(0.2, null) });
        var scan = job.Fit();
        Assert.Equal(scan.TrainRowsByShard.Sum(), scan.Schema.Features[0].Vocabulary!.Count);
        var validation = job.Load(scan.Schema)[0].Validation;
        Assert.InRange(validation.Count, 320, 480);
        Assert.All(validation.Ids_BC, id => Assert.Equal(0, id));
    }

    [Fact]
    public void A_schema_survives_its_JSON_and_refuses_what_it_does_not_know()
    {
        var job = TestJob.Of(
            _folder.Write("rows.csv", "c,h,x,m,r\na,b|c,0.1,k\"1,2\nb,,3e30,ü,0.3\n"),
            [TestJob.Categorical("c"), TestJob.Sequence("h", "c"), TestJob.Numeric("x")],
            [TestJob.Multiclass("m"), TestJob.Regression("r", "-1")]);
        var schema = job.Fit().Schema;
        var json = schema.ToJson();
        Assert.Equal(json, DataSchema.FromJson(json).ToJson());
        Assert.Equal(schema.Features[2].Mean, DataSchema.FromJson(json).Features[2].Mean);
        Assert.Throws<JobException>(() => DataSchema.FromJson(json.Replace("\"tableRows\"", "\"tabelRows\"", StringComparison.Ordinal)));
        Assert.Throws<JobException>(() => DataSchema.FromJson(json[..^5]));
    }

    [Theory]
    [InlineData("x,y\n", "there is no training row")]
    [InlineData("", "the file is empty")]
    [InlineData("x,y\n1,\n2,\n", "task 'y': no training row has a label in column 'y'")]
    [InlineData("x,z\n1,1\n", "task 'y': there is no column 'y'")]
    public void A_job_that_cannot_be_learnt_is_refused(string text, string message)
    {
        var error = Assert.Throws<JobException>(() => Job(text, [TestJob.Numeric("x")]).Fit());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadInput, error.ExitCode);
    }

    [Fact]
    public void A_glob_reads_its_files_in_ordinal_order()
    {
        _folder.Write("part-2.csv", "c,y\nlast,1\n");
        _folder.Write("part-10.csv", "y,c\n0,first\n");
        var job = TestJob.Of(_folder.PathOf("part-*.csv"), [TestJob.Categorical("c")], [TestJob.Binary("y")]);
        var vocabulary = job.Fit().Schema.Features[0].Vocabulary!;
        Assert.Equal(["first", "last"], job.LoadTrain().Ids_BC.Select(id => vocabulary[id - 1]));
    }

    private JobFile Job(string text, FeatureSettings[] features) =>
        TestJob.Of(_folder.Write("rows.csv", text), features, [TestJob.Binary("y")]);
}
