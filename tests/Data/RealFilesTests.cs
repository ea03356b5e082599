using DistMtl.Data.Reading;
using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Tests;

public sealed class RealFilesTests
{
    [Theory]
    [InlineData("census-income-kdd/census_full_a.csv.gz", 66_508)]
    [InlineData("wine-reviews-10k/wine_train.csv.gz", 7_499)]
    [InlineData("anime-mal5k/interactions_train.csv.gz", 415_935)]
    [InlineData("online-shoppers/online_shoppers.csv.gz", 12_330)]
    [InlineData("completejourney/transactions_w01_40.csv.gz", 56_140)]
    [InlineData("retailrocket-funnel/pairs_train.csv.gz", 63_783)]
    public void Every_row_of_a_public_file_is_read(string file, int rows)
    {
        using var reader = RowReader.Open(SharedData.PathOf(file), DataFormat.Csv, null);
        var count = 0;
        while (reader.Read())
        {
            Assert.Null(reader.Problem);
            count++;
        }
        Assert.Equal(rows, count);
    }

    [Fact]
    public void The_census_has_the_label_rates_its_paper_gives()
    {
        var job = TestJob.Of(
            SharedData.PathOf("census-income-kdd/census_full_a.csv.gz"),
            [TestJob.Numeric("age"), TestJob.Categorical("education"), TestJob.Categorical("country_father")],
            [TestJob.Binary("income_50k"), TestJob.Binary("marital_stat", "Never married")],
            shards: 8).WithData(data => data with { Missing = ["", "?"], Validation = new ValidationSettings(0.1, null) });
        var scan = job.Fit();
        Assert.Equal(0, scan.BadRows.Bad);
        Assert.Equal(66_508, scan.TrainRowsByShard.Sum() + scan.ValidationRowsByShard.Sum());
        Assert.InRange(scan.Schema.Tasks[0].Mean, 0.057, 0.067);
        Assert.InRange(scan.Schema.Tasks[1].Mean, 0.42, 0.45);
        Assert.DoesNotContain("?", scan.Schema.Features[2].Vocabulary!);
        Assert.Equal(18, scan.Schema.Features[1].TableRows);
    }

    [Fact]
    public void The_wine_reviews_mask_unknown_prices_and_have_ten_varieties()
    {
        var job = TestJob.Of(
            SharedData.PathOf("wine-reviews-10k/wine_train.csv.gz"),
            [TestJob.Categorical("country"), TestJob.Categorical("taster_name")],
            [TestJob.Binary("price_ge30", null, "-1"), TestJob.Multiclass("variety10")]);
        var tasks = job.Fit().Schema.Tasks;
        Assert.Equal(6_984, tasks[0].TrainLabels);
        Assert.Equal(10, tasks[1].Classes!.Count);
        Assert.Equal(1, tasks[1].ClassRates!.Sum(), 9);
    }

    [Fact]
    public void Cells_with_a_separator_become_sequences()
    {
        var job = TestJob.Of(
            SharedData.PathOf("anime-mal5k/items.csv.gz"), [TestJob.Sequence("genre")], [TestJob.Regression("avg_rating")]);
        var vocabulary = job.Fit().Schema.Features[0].Vocabulary!;
        Assert.Equal("Comedy", vocabulary[0]);
        Assert.InRange(vocabulary.Count, 40, 60);
        Assert.All(vocabulary, genre => Assert.DoesNotContain('|', genre));
    }
}
