using DistMtl.Data.Reading;
using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Tests;

public sealed class EcommerceGeneratorTests : IClassFixture<EcommerceGeneratorTests.Log>
{
    private readonly Log _log;

    public EcommerceGeneratorTests(Log log) => _log = log;

    [Fact]
    public void Equal_rows_and_seed_give_equal_bytes_and_another_seed_others()
    {
        using var folder = new TemporaryFolder();
        var first = File.ReadAllBytes(EcommerceGenerator.Generate(folder.PathOf("a"), 500, 1));
        Assert.Equal(first, File.ReadAllBytes(EcommerceGenerator.Generate(folder.PathOf("b"), 500, 1)));
        Assert.NotEqual(first, File.ReadAllBytes(EcommerceGenerator.Generate(folder.PathOf("c"), 500, 2)));
    }

    [Fact]
    public void A_packed_file_holds_the_same_rows_and_nothing_is_left_beside_it()
    {
        using var folder = new TemporaryFolder();
        EcommerceGenerator.Write(folder.PathOf("new/log.csv.gz"), 300, 1);
        var plain = EcommerceGenerator.Generate(folder.PathOf("plain"), 300, 1);
        Assert.Equal([folder.PathOf("new/log.csv.gz")], Directory.GetFiles(folder.PathOf("new")));
        Assert.Equal(Cells(plain), Cells(folder.PathOf("new/log.csv.gz")));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_an_error_with_the_path()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Write("file", ""), "log.csv");
        Assert.StartsWith($"{path}: can't be written", Assert.Throws<JobException>(() => EcommerceGenerator.Write(path, 10, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_as_many_rows_as_asked_for_and_the_columns_that_are_promised()
    {
        Assert.Equal(Log.RowCount, _log.Rows.Count);
        Assert.Equal(EcommerceGenerator.Columns.Count, _log.Rows[0].Count);
        Assert.Equal(Log.RowCount, _log.Rows.Select(row => row["event_id"]).Distinct().Count());
    }

    [Fact]
    public void Nobody_purchases_without_cart_nor_carts_or_rates_without_click()
    {
        Assert.All(_log.Rows, row =>
        {
            Assert.True(row["click"] == "1" || (row["cart"] == "0" && row["rating"] == ""));
            Assert.True(row["cart"] == "1" || row["purchase"] == "0");
            Assert.Contains(row["rating"], (string[])["", "1", "2", "3", "4", "5"]);
        });
        Assert.InRange(Rate("click"), 0.12, 0.25);
        Assert.InRange(Rate("purchase"), 0.015, 0.06);
        Assert.InRange(_log.Rows.Average(row => row["rating"] == "" ? 0 : 1), 0.015, 0.06);
    }

    [Fact]
    public void Domains_have_rates_of_their_own()
    {
        double Click(string domain) => Rate("click", row => row["domain"] == domain);
        Assert.True(Click("app") > 1.15 * Click("mini_program"));
        Assert.True(Click("mini_program") > 1.15 * Click("web"));
    }

    [Fact]
    public void The_history_is_what_the_user_clicked_before()
    {
        var clicked = new Dictionary<string, List<string>>();
        foreach (var row in _log.Rows)
        {
            if (!clicked.TryGetValue(row["user_id"], out var items))
                clicked[row["user_id"]] = items = [];
            Assert.Equal(string.Join('|', items.TakeLast(20)), row["history"]);
            if (row["click"] == "1")
                items.Add(row["item_id"]);
        }
        Assert.Contains(clicked.Values, items => items.Count > 20);
    }

    [Fact]
    public void Few_users_and_items_make_most_of_the_rows()
    {
        double TopTenth(string column)
        {
            var counts = _log.Rows.CountBy(row => row[column]).Select(pair => pair.Value).OrderDescending().ToList();
            return counts.Take(counts.Count / 10).Sum() / (double)Log.RowCount;
        }
        Assert.InRange(TopTenth("user_id"), 0.25, 0.7);
        Assert.InRange(TopTenth("item_id"), 0.25, 0.7);
    }

    /// <summary>
    /// The planted tastes show without any model: rank the later rows by how often the same kind of user clicked the same
    /// category in the earlier ones, and by what was clicked last.
    /// </summary>
    [Fact]
    public void Earlier_clicks_tell_later_ones()
    {
        var half = Log.RowCount / 2;
        var tastes = _log.Rows.Take(half).GroupBy(Kind).ToDictionary(group => group.Key, group => (group.Average(IsClick) * group.Count() + 18) / (group.Count() + 100));
        var later = _log.Rows.Skip(half).Where(row => row["user_age"] != "" && row["user_gender"] != "").ToList();
        var auc = Auc(later.Select(row => (tastes.GetValueOrDefault(Kind(row), 0.18), row["click"] == "1")));
        Assert.InRange(auc, 0.6, 0.8);

        static string Kind(IReadOnlyDictionary<string, string> row) =>
            $"{(row["user_age"] == "" ? 0 : Math.Clamp((int.Parse(row["user_age"]) - 16) / 10, 0, 4))}{row["user_gender"]}{row["category"]}";
        static double IsClick(IReadOnlyDictionary<string, string> row) => row["click"] == "1" ? 1 : 0;
    }

    [Fact]
    public void A_job_learns_its_schema_without_a_bad_row()
    {
        var job = TestJob.Of(
            _log.Path,
            [TestJob.Categorical("user_id", buckets: 1000), TestJob.Numeric("user_age"), TestJob.Categorical("item_id"), TestJob.Sequence("history", "item_id")],
            [TestJob.Binary("click"), TestJob.Binary("purchase"), TestJob.Regression("rating")],
            shards: 4).WithData(data => data with { ShardBy = "user_id", Validation = new ValidationSettings(0.1, null) });
        var scan = job.Fit();
        Assert.Equal(0, scan.BadRows.Bad);
        Assert.InRange(scan.ValidationRowsByShard.Sum(), 0.08 * Log.RowCount, 0.12 * Log.RowCount);
        Assert.All(scan.TrainRowsByShard, rows => Assert.InRange(rows, 0.1 * Log.RowCount, 0.4 * Log.RowCount));
        Assert.InRange(scan.Schema.Tasks[2].TrainLabels, 1, 0.06 * Log.RowCount);
    }

    private double Rate(string label, Func<IReadOnlyDictionary<string, string>, bool>? of = null) =>
        _log.Rows.Where(of ?? (_ => true)).Average(row => row[label] == "1" ? 1.0 : 0.0);

    private static double Auc(IEnumerable<(double Score, bool IsPositive)> rows)
    {
        var groups = rows.GroupBy(row => row.Score).OrderBy(group => group.Key).Select(group => (Pos: group.Count(r => r.IsPositive), Neg: group.Count(r => !r.IsPositive)));
        double below = 0, won = 0, positives = 0;
        foreach (var (pos, neg) in groups)
        {
            won += pos * (below + neg / 2.0);
            below += neg;
            positives += pos;
        }
        return won / (positives * below);
    }

    private static List<string> Cells(string path)
    {
        using var reader = RowReader.Open(path, DataFormat.Csv, null);
        var cells = new List<string>();
        while (reader.Read())
        {
            for (var i = 0; i < reader.Columns.Count; i++)
                cells.Add(reader[i].ToString());
        }
        return cells;
    }

    /// <summary>One generated log for all tests here.</summary>
    public sealed class Log : IDisposable
    {
        public const int RowCount = 20_000;

        private readonly TemporaryFolder _folder = new();

        public Log()
        {
            Path = EcommerceGenerator.Generate(_folder.Root, RowCount, seed: 1);
            using var reader = RowReader.Open(Path, DataFormat.Csv, null);
            var rows = new List<IReadOnlyDictionary<string, string>>();
            while (reader.Read())
                rows.Add(Enumerable.Range(0, reader.Columns.Count).ToDictionary(i => reader.Columns[i], i => reader[i].ToString()));
            Rows = rows;
        }

        public string Path { get; }

        public IReadOnlyList<IReadOnlyDictionary<string, string>> Rows { get; }

        public void Dispose() => _folder.Dispose();
    }
}
