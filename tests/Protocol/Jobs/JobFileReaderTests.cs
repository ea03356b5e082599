using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class JobFileReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("job-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Paths_are_relative_to_the_job_file()
    {
        Write("data/train.csv", "age\n");

        var reading = Read("data: {train: data/train.csv}");

        Assert.Empty(reading.Problems);
        Assert.Equal(Path.Combine(_folder, "data", "train.csv"), reading.Job!.Data.Train);
        Assert.Equal(DataFormat.Csv, reading.Job.Data.Format);
    }

    [Theory]
    [InlineData("data: {train: other.csv}", "2:15: file 'other.csv' does not exist (paths are relative to the job file)")]
    [InlineData("data: {train: /no/other.csv}", "2:15: file '/no/other.csv' does not exist")]
    [InlineData("data: {train: day-*.csv}", "2:15: no file matches 'day-*.csv' (paths are relative to the job file)")]
    [InlineData("data: {train: data, format: csv}", "2:15: 'data' is a folder; name a file in it, or a glob such as 'data/*.csv'")]
    [InlineData("data: {train: train.csv, validation: v.csv}", "2:38: file 'v.csv' does not exist (paths are relative to the job file)")]
    [InlineData("data: {train: train.csv, validation: {path: v.csv}}", "2:45: file 'v.csv' does not exist (paths are relative to the job file)")]
    [InlineData("data: {train: train.csv, test: v.csv}", "2:32: file 'v.csv' does not exist (paths are relative to the job file)")]
    public void A_data_file_that_is_not_there_is_a_problem_at_its_path(string data, string problem)
    {
        Write("train.csv", "age\n");
        Write("data/other.txt", "");

        Assert.Equal([$"{JobPath}:{problem}"], Read(data).Problems.Select(found => found.ToString()));
    }

    [Fact]
    public void A_file_that_an_override_names_is_looked_for_in_the_current_folder() =>
        Assert.Equal(
            "--set data.train: file 'no-such.csv' does not exist in the current folder",
            Assert.Single(Read("data: {train: x.csv}", "data.train=no-such.csv").Problems).ToString());

    [Fact]
    public void A_file_to_be_generated_need_not_be_there() =>
        Assert.Empty(Read("data: {train: x.csv, generate: {dataset: ecommerce, rows: 10}}").Problems);

    [Fact]
    public void One_match_of_a_glob_is_enough()
    {
        Write("day-1/part-a.tsv", "age\n");

        var data = Read("data: {train: day-*/part-?.tsv}").Job!.Data;

        Assert.Equal(DataFormat.Tsv, data.Format);
        Assert.Equal([Path.Combine(_folder, "day-1", "part-a.tsv")], FilePattern.Find(data.Train));
    }

    [Fact]
    public void Files_of_a_glob_come_in_ordinal_order()
    {
        foreach (var name in new[] { "b/2.csv", "a/10.csv", "a/9.csv", "a/B.csv", "a/note.txt" })
            Write(name, "");

        Assert.Equal(
            ["a/10.csv", "a/9.csv", "a/B.csv", "b/2.csv"],
            FilePattern.Find(Path.Combine(_folder, "?", "*.csv")).Select(file => Path.GetRelativePath(_folder, file)));
    }

    [Theory]
    [InlineData("train.csv", DataFormat.Csv)]
    [InlineData("train.CSV.gz", DataFormat.Csv)]
    [InlineData("train.tsv.gz", DataFormat.Tsv)]
    [InlineData("part-*.parquet", DataFormat.Parquet)]
    public void The_ending_of_the_training_file_tells_the_format(string train, DataFormat format) =>
        Assert.Equal(format, TestJob.Valid(TestJob.With("train.csv", train)).Data.Format);

    [Fact]
    public void A_format_that_is_written_counts_more_than_the_ending() =>
        Assert.Equal(DataFormat.Tsv, TestJob.Valid(TestJob.With("train: train.csv", "train: train.csv\n  format: tsv")).Data.Format);

    [Fact]
    public void A_job_file_that_cannot_be_read_is_one_problem_without_a_line()
    {
        var missing = Path.Combine(_folder, "no.yaml");
        File.WriteAllBytes(JobPath, [0x6E, 0xFF, 0xFE]);

        Assert.Equal([$"{missing}: there is no such job file"], Problems(missing));
        Assert.Equal([$"{_folder}: is a folder, not a job file"], Problems(_folder));
        Assert.Equal([$"{JobPath}: is not UTF-8 text"], Problems(JobPath));
    }

    [Fact]
    public void Short_forms_say_the_same_as_long_ones()
    {
        var job = TestJob.Valid(TestJob.With("{fraction: 0.1}", "v.csv\n  key: item\n  missing: [?, -1]\n")
            .Replace("embedding: item}", "embedding: item, encoder: {kind: mean}}", StringComparison.Ordinal));

        Assert.Equal(new ValidationSettings(null, Path.Combine(Path.GetTempPath(), "v.csv")), job.Data.Validation);
        Assert.Equal(["item"], job.Data.Key);
        Assert.Equal(["?", "-1"], job.Data.Missing);
        Assert.Equal(EncoderKind.Mean, job.Features[2].Encoder);
    }

    [Fact]
    public void Options_of_a_strategy_have_its_defaults()
    {
        var weighting = TestJob.Valid(TestJob.With("strategy: equal", "strategy: cagrad, c: 0.4")).Weighting;

        Assert.Equal(new Dictionary<string, double> { ["c"] = 0.4, ["iterations"] = 100 }, weighting.Options);
        Assert.Empty(weighting.Weights);
    }

    [Fact]
    public void The_rule_for_rows_may_be_its_kind_alone_and_else_goes_with_the_optimizer()
    {
        Assert.Equal(
            new RowOptimizerSettings(RowOptimizerKind.Adagrad, null),
            TestJob.Valid(TestJob.Text + "embeddings: {optimizer: adagrad}\n").Embeddings.Optimizer);
        Assert.Equal(
            new RowOptimizerSettings(RowOptimizerKind.Sgd, 0.5),
            TestJob.Valid(TestJob.With("kind: adam", "kind: sgd") + "embeddings: {optimizer: {learningRate: 0.5}}\n").Embeddings.Optimizer);
        Assert.Equal(
            [RowOptimizerKind.Adam, RowOptimizerKind.Adam, RowOptimizerKind.Sgd, RowOptimizerKind.RowwiseAdagrad],
            Enum.GetValues<OptimizerKind>().Select(RowOptimizerSettings.DefaultKindOf));
    }

    [Theory]
    [InlineData("adam", 0.001, 0, 1e-8)]
    [InlineData("adamw", 0.001, 0.01, 1e-8)]
    [InlineData("adagrad", 0.01, 0, 1e-10)]
    [InlineData("sgd", 0.001, 0, 1e-8)]
    public void An_optimiser_has_the_defaults_of_PyTorch(string kind, double learningRate, double weightDecay, double epsilon)
    {
        var optimizer = TestJob.Valid(TestJob.With("kind: adam", $"kind: {kind}")).Optimizer;

        Assert.Equal((learningRate, weightDecay, epsilon), (optimizer.LearningRate, optimizer.WeightDecay, optimizer.Epsilon));
    }

    private string JobPath => Path.Combine(_folder, "job.yaml");

    private JobReading Read(string data, params string[] overrides)
    {
        Write("job.yaml", $"name: a\n{data}\nfeatures: [{{name: age, kind: numeric}}]\ntasks: [{{name: t, kind: binary, label: y}}]\n");
        return JobFileReader.Read(JobPath, overrides, TestJob.Weightings);
    }

    private static IEnumerable<string> Problems(string path) =>
        JobFileReader.Read(path, [], TestJob.Weightings).Problems.Select(problem => problem.ToString());

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
