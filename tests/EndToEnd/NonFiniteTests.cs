namespace DistMtl.EndToEnd.Tests;

public sealed class NonFiniteTests
{
    /// <summary>Steps too large for any float: from the second on nothing is finite.</summary>
    [Theory]
    [InlineData("1", "coordinator")]
    [InlineData("2", "workers")]
    public async Task More_skipped_steps_in_a_row_than_may_be_end_the_run(string workers, string placement)
    {
        using var folder = new TemporaryFolder();
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", SmallJob.Write(folder, epochs: 20), "--workers", workers, "--out", folder["run"], "--set", "training.onNonFinite=skip", "--set", "training.maxSkips=2",
            "--set", $"training.parameterServers={{count: 2, placement: {placement}}}", "--set", "optimizer={kind: sgd, learningRate: 1e30}");
        Assert.Equal(3, exitCode);
        Assert.Equal(2, output.Split(" is skipped: ").Length - 1);
        Assert.Contains("2 steps in a row were skipped (training.maxSkips), and ", errors, StringComparison.Ordinal);
        Assert.Contains("every row is at fault", errors, StringComparison.Ordinal);
    }
}
