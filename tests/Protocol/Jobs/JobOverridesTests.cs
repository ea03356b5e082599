namespace DistMtl.Protocol.Tests.Jobs;

public sealed class JobOverridesTests
{
    [Fact]
    public void An_override_replaces_a_value_and_the_last_one_wins() =>
        Assert.Equal(5, TestJob.Valid(TestJob.Text, "training.epochs=4", "training.epochs=5").Training.Epochs);

    [Fact]
    public void An_override_can_add_a_key() =>
        Assert.Equal(32, TestJob.Valid(TestJob.Text, "data.shards=32").Data.Shards);

    [Fact]
    public void An_override_can_add_a_section()
    {
        var yaml = TestJob.With("training: {epochs: 3}\n", "");

        Assert.Equal(9, TestJob.Valid(yaml, "training.epochs=9").Training.Epochs);
    }

    [Theory]
    [InlineData("tasks[1].label=x")]
    [InlineData("tasks.stars.label=x")]
    public void An_item_of_a_list_is_named_by_its_index_or_its_name(string text) =>
        Assert.Equal(["clicked", "x"], TestJob.Valid(TestJob.Text, text).Tasks.Select(task => task.Label));

    [Fact]
    public void The_name_of_a_feature_may_hold_dots()
    {
        var yaml = TestJob.With("name: age", "name: user.age");

        Assert.Equal("years", TestJob.Valid(yaml, "features.user.age.column=years").Features[0].Column);
    }

    [Fact]
    public void The_name_of_a_metric_holds_a_dot()
    {
        var stopping = TestJob.Valid(TestJob.Text, "training.earlyStopping.metric.click.auc=2", "training.earlyStopping.metric.stars.rmse=1").Training.EarlyStopping!;

        Assert.Equal(new Dictionary<string, double> { ["click.auc"] = 2, ["stars.rmse"] = 1 }, stopping.Metric);
    }

    [Fact]
    public void Lists_and_maps_are_written_as_in_yaml()
    {
        var job = TestJob.Valid(
            TestJob.Text,
            "model.tower=[32,16]", "weighting={strategy: dwa, temperature: 3}", "data.missing=[\"\", NA]", "features.item.dim=16");

        Assert.Equal([32, 16], job.Model.Tower);
        Assert.Equal(3, job.Weighting.Options["temperature"]);
        Assert.Equal(["", "NA"], job.Data.Missing);
        Assert.Equal(16, job.Features[1].Dim);
    }

    [Theory]
    [InlineData("/data/day*.csv", "/data/day*.csv")]
    [InlineData("/data/a=b.csv", "/data/a=b.csv")]
    [InlineData("/data/a: #b.csv", "/data/a: #b.csv")]
    [InlineData("\"/data/a b.csv\"", "/data/a b.csv")]
    public void A_path_is_taken_as_it_stands(string text, string train) =>
        Assert.Equal(train, TestJob.Valid(TestJob.Text, $"data.train={text}").Data.Train);

    [Fact]
    public void A_path_in_an_override_is_relative_to_the_current_folder_and_one_in_the_file_to_the_file()
    {
        var job = TestJob.Valid(TestJob.Text, "data.test=test.csv");

        Assert.Equal(Path.Combine(Directory.GetCurrentDirectory(), "test.csv"), job.Data.Test);
        Assert.Equal(Path.Combine(Path.GetTempPath(), "train.csv"), job.Data.Train);
    }

    [Theory]
    [InlineData("data.tran=x", "--set data.tran: unknown key 'tran'; did you mean 'train'?")]
    [InlineData("dat.train=x", "--set dat.train: unknown key 'dat'; did you mean 'data'?")]
    [InlineData("training.epochs", "--set training.epochs: '=' and a value are missing, as in --set training.epochs=5")]
    [InlineData("training.epochs=many", "--set training.epochs: epochs must be a whole number, but is 'many'")]
    [InlineData("training.epochs=", "--set training.epochs: epochs has no value; it must be a whole number")]
    [InlineData("training..epochs=1", "--set training..epochs: not a key; right are for example data.train, tasks[0].label and tasks.income.label")]
    [InlineData("tasks[x].label=1", "--set tasks[x].label: not a key; right are for example data.train, tasks[0].label and tasks.income.label")]
    [InlineData("=1", "--set : not a key; right are for example data.train, tasks[0].label and tasks.income.label")]
    [InlineData("tasks[2].label=x", "--set tasks[2].label: there is no item [2]; 'tasks' has 2, counted from 0")]
    [InlineData("tasks.star.label=x", "--set tasks.star.label: there is no 'star' in 'tasks'; did you mean 'stars'?")]
    [InlineData("tasks.stars.labl=x", "--set tasks.stars.labl: unknown key 'labl'; did you mean 'label'?")]
    [InlineData("data[0]=x", "--set data[0]: 'data' is a map, not a list")]
    [InlineData("seed.low=1", "--set seed.low: 'seed' is a single value, so it has no 'low'")]
    [InlineData("model.tower=[1", "--set model.tower: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'")]
    public void A_wrong_override_is_named_as_it_was_written(string text, string problem) =>
        Assert.Equal([problem], TestJob.Read(TestJob.Text, text).Problems.Select(found => found.ToString()));

    [Fact]
    public void Problems_of_overrides_come_after_those_of_the_file()
    {
        var problems = TestJob.Read(TestJob.With("seed: 7", "sed: 7"), "data.tran=x").Problems;

        Assert.Equal(["job.yaml", "--set data.tran"], problems.Select(problem => problem.File));
    }
}
