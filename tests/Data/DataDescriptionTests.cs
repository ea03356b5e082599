using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;

namespace DistMtl.Data.Tests;

public sealed class DataDescriptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Columns_are_told_apart()
    {
        var rows = Enumerable.Range(0, 200).Select(i =>
            $"{i + 5000},u{i % 40},{i * 0.5},{(i % 3 == 0 ? "?" : $"k{i % 5}")},{string.Join('|', Enumerable.Range(0, i % 4).Select(k => $"u{k}"))},{i} {i + 1} 3,const,{i % 2},{(i % 4) switch { 0 => -1, 1 => 1, _ => 0 }}\n");
        var description = DataDescription.Of(
            _folder.Write("rows.csv", "event_id,user_id,amount,kind,friends,image,same,click,liked\n" + string.Concat(rows)),
            TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                ColumnKind.Id, ColumnKind.Categorical, ColumnKind.Numeric, ColumnKind.Categorical, ColumnKind.Sequence, ColumnKind.Vector,
                ColumnKind.Constant, ColumnKind.Binary, ColumnKind.Binary,
            ],
            description.Columns.Select(column => column.Kind));
        Assert.Equal(67 / 200.0, description.Columns[3].MissingRate);
        Assert.Equal((0, 99.5, 49.75), (description.Columns[2].Min, description.Columns[2].Max, description.Columns[2].Mean));
        Assert.Equal(
            [new LabelCandidate("click", null, null, 200, 0.5), new LabelCandidate("liked", null, "-1", 150, 1.0 / 3)],
            description.Labels);
        Assert.Equal(
            $$"""
            # A proposal. Check that no feature is an outcome, known only after its row.
            name: rows
            seed: 1
            data:
              format: csv
              train: "{{_folder.PathOf("rows.csv")}}"
              validation: {fraction: 0.1}
              missing: ["", "?"]
              shards: 8
              shardBy: user_id
              key: [event_id]
            features:
              - {name: user_id, kind: categorical, dim: 8}
              - {name: amount, kind: numeric}
              - {name: kind, kind: categorical, dim: 4}
              - {name: friends, kind: sequence, separator: "|", maxLength: 50, embedding: user_id}
              - {name: image, kind: vector, width: 3, separator: " "}
            tasks:
              - {name: click, kind: binary, label: click}
              - {name: liked, kind: binary, label: liked, missing: ["-1"]}
            model: {architecture: mmoe, experts: 4, expert: [64, 32], tower: [16], dropout: 0.1}
            weighting: {strategy: uncertainty}
            optimizer: {kind: adam, learningRate: 0.001}
            training: {epochs: 3, batchSize: 1024}

            """,
            description.JobYaml);
    }

    [Fact]
    public void Columns_of_a_file_without_header_get_names_and_the_job_gives_them()
    {
        var description = DataDescription.Of(
            _folder.WriteGzip("adult.data.gz", "39, State-gov, <=50K\n50, Private, >50K\n38, Private, <=50K\n"), TestContext.Current.CancellationToken);
        Assert.False(description.HasHeader);
        Assert.Equal(3, description.BadRows.Rows);
        Assert.Contains("  columns: [c1, c2, c3]\n", description.JobYaml, StringComparison.Ordinal);
        Assert.Contains("  - {name: c3, kind: multiclass, label: c3}\n", description.JobYaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_mean_something_to_YAML_are_quoted_and_names_of_features_are_plain_words()
    {
        var description = DataDescription.Of(
            _folder.Write("9 odd.tsv", "class of worker\tno\t101\ty\na\t1.5\tx\t0\nb\t2.5\ty\t1\n"), TestContext.Current.CancellationToken);
        Assert.Contains("name: c_9_odd\n", description.JobYaml, StringComparison.Ordinal);
        Assert.Contains("{name: class_of_worker, column: \"class of worker\", kind: categorical, dim: 4}", description.JobYaml, StringComparison.Ordinal);
        Assert.Contains("{name: \"no\", kind: numeric}", description.JobYaml, StringComparison.Ordinal);
        Assert.Contains("{name: c_101, column: \"101\", kind: categorical, dim: 4}", description.JobYaml, StringComparison.Ordinal);
        Assert.Contains("{name: \"y\", kind: binary, label: \"y\"}", description.JobYaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_rows_are_counted_and_shown()
    {
        var description = DataDescription.Of(_folder.Write("rows.csv", "a,b\n1,2\n3\n5,6\n"), TestContext.Current.CancellationToken);
        Assert.Equal((3, 1), (description.BadRows.Rows, description.BadRows.Bad));
        Assert.Equal(3, description.BadRows.First[0].Line);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("a,b\n", "there is no row to describe")]
    public void A_file_without_rows_is_refused(string text, string message)
    {
        var path = _folder.Write("rows.csv", text);
        var error = Assert.Throws<JobException>(() => DataDescription.Of(path, TestContext.Current.CancellationToken));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
