using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Tests;

public sealed class GeneratedDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_job_makes_its_training_file_once()
    {
        var data = Data(EcommerceGenerator.Dataset);
        Assert.True(GeneratedData.Ensure(data));
        var written = File.GetLastWriteTimeUtc(data.Train);
        Assert.False(GeneratedData.Ensure(data));
        Assert.Equal(written, File.GetLastWriteTimeUtc(data.Train));
        Assert.Equal(101, File.ReadLines(data.Train).Count());
    }

    [Fact]
    public void A_generator_that_does_not_exist_is_named()
    {
        var error = Assert.Throws<JobException>(() => GeneratedData.Ensure(Data("ecomerce")));
        Assert.Equal("data.generate: there is no generator 'ecomerce'; there is ecommerce", error.Message);
    }

    private DataSettings Data(string dataset) => TestJob.Of(_folder.PathOf("data/log.csv"), [], []).Data with
    {
        Generate = new GenerateSettings(dataset, 100, 1),
    };
}
