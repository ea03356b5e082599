using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class DeployedJobsTests
{
    private static readonly string Folder = FindFolder();

    public static TheoryData<string> Names => [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Names))]
    public void A_deployed_job_is_valid_once_its_data_are_there(string name)
    {
        var train = Path.GetTempFileName();
        try
        {
            var reading = JobFileReader.Read(Path.Combine(Folder, name), [$"data.train={train}", "data.format=csv"], TestJob.Weightings);

            Assert.Empty(reading.Problems);
            Assert.Equal(train, reading.Job!.Data.Train);
        }
        finally
        {
            File.Delete(train);
        }
    }

    [Fact]
    public void The_demo_needs_no_data_of_its_user()
    {
        var reading = JobFileReader.Read(Path.Combine(Folder, "ecommerce.yaml"), [], TestJob.Weightings);

        Assert.Empty(reading.Problems);
        Assert.Equal(new GenerateSettings("ecommerce", 200_000, 11), reading.Job!.Data.Generate);
        Assert.Equal(Path.Combine(Folder, "data", "ecommerce", "train.csv"), reading.Job.Data.Train);
    }

    private static string FindFolder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "DistMtl.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests do not lie below DistMtl.sln");
        return Path.Combine(folder, "deploy", "jobs");
    }
}
