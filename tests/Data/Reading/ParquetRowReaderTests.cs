using DistMtl.Data.Reading;
using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using Parquet;
using Parquet.Schema;

namespace DistMtl.Data.Tests.Reading;

public sealed class ParquetRowReaderTests : IDisposable
{
    private static readonly ParquetSchema s_schema = new(
        new DataField<int>("user"),
        new DataField<double?>("price"),
        new DataField<string>("kind"),
        new DataField<bool>("click"),
        new DataField<float>("score"),
        new ListField("history", new DataField<long>("element")),
        new DataField<float[]>("image"));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Cells_of_all_row_groups_read_as_text_and_nulls_as_nulls()
    {
        using var reader = new ParquetRowReader(await WriteAsync(groups: 2));
        Assert.Equal(["user", "price", "kind", "click", "score", "history", "image"], reader.Columns);
        var rows = new List<string[]>();
        while (reader.Read())
        {
            Assert.Equal(rows.Count + 1, reader.Line);
            rows.Add([.. Enumerable.Range(0, reader.Columns.Count).Select(i => reader.IsNull(i) ? "null" : reader[i].ToString())]);
        }
        string[][] group =
        [
            ["1", "1.5", "x", "1", "0.1", "7\u001F8", "1\u001F2"],
            ["2", "null", "null", "0", "null", "null", "3\u001F4"],
            ["3", "-2", "z|ü", "1", "0.25", "9", "5\u001F6"],
        ];
        Assert.Equal([.. group, .. group], rows);
    }

    [Fact]
    public async Task A_job_trains_on_lists_and_nulls()
    {
        var path = await WriteAsync(groups: 1);
        var job = TestJob.Of(
            path,
            [TestJob.Numeric("price"), TestJob.Categorical("kind"), TestJob.Sequence("history"), TestJob.Vector("image", 2)],
            [TestJob.Binary("click")]).WithData(data => data with { Format = DataFormat.Parquet, Missing = [] });
        var rows = job.LoadTrain();
        Assert.Equal([1, 0, 2], rows.Ids_BC);
        Assert.Equal([0, 2, 2, 3], rows.Sequences[0].Offsets);
        Assert.Equal([1, 2, 3], rows.Sequences[0].Values);
        Assert.Equal(0, rows.Dense_BD[rows.DenseWidth]);
        Assert.Equal([1, 0, 1], rows.Labels_BT);
    }

    [Fact]
    public void A_file_of_another_format_is_an_error_with_its_path()
    {
        var path = _folder.Write("rows.parquet", "a,b\n1,2\n3,4\n5,6\n");
        var error = Assert.Throws<JobException>(() => RowReader.Open(path, DataFormat.Parquet, null));
        Assert.StartsWith($"{path}: is not a readable Parquet file", error.Message, StringComparison.Ordinal);
    }

    private async Task<string> WriteAsync(int groups)
    {
        var path = _folder.PathOf("rows.parquet");
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(s_schema, file);
        var fields = s_schema.DataFields;
        for (var i = 0; i < groups; i++)
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync<int>(fields[0], new[] { 1, 2, 3 });
            await group.WriteAsync<double>(fields[1], new double?[] { 1.5, null, -2 });
            await group.WriteAsync(fields[2], ["x", null!, "z|ü"], null);
            await group.WriteAsync<bool>(fields[3], new[] { true, false, true });
            await group.WriteAsync<float>(fields[4], new[] { 0.1f, float.NaN, 0.25f });
            await group.WriteAllPartsAsync<long>(fields[5], new long[] { 7, 8, 9 }, Defined(fields[5], 1, 1, 0, 1), new[] { 0, 1, 0, 0 }, default);
            await group.WriteAllPartsAsync<float>(fields[6], new float[] { 1, 2, 3, 4, 5, 6 }, Defined(fields[6], 1, 1, 1, 1, 1, 1), new[] { 0, 1, 0, 1, 0, 1 }, default);
        }
        return path;
    }

    private static int[] Defined(DataField field, params int[] isDefined) => [.. isDefined.Select(flag => flag * field.MaxDefinitionLevel)];
}
