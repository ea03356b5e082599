using System.Diagnostics;

namespace DistMtl.EndToEnd.Tests;

/// <summary>The two tasks of the MMoE paper on real rows.</summary>
public sealed class CensusTests
{
    /// <summary>On any number of workers, as it is the same bits.</summary>
    [Fact]
    public async Task Mmoe_reaches_the_auc_that_census_income_is_known_for()
    {
        var data = Repository.DataSet("census-income-kdd/census_full_a.csv.gz");
        using var folder = new TemporaryFolder();
        var clock = Stopwatch.StartNew();
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", "deploy/jobs/census-income.yaml", "--set", $"data.train={data}", "--workers", "2", "--out", folder["run"]);
        Assert.True(exitCode == 0, output + errors);
        TestContext.Current.SendDiagnosticMessage("{0:0.0} s", clock.Elapsed.TotalSeconds);
        var validation = Repository.Summary(folder["run"]).GetProperty("validation");
        Assert.InRange(validation.GetProperty("income").GetProperty("auc").GetDouble(), 0.940, 1);
        Assert.InRange(validation.GetProperty("never_married").GetProperty("auc").GetDouble(), 0.992, 1);
    }
}
