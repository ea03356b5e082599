namespace DistMtl.Benchmarks.Bars;

/// <summary>The job on real rows that compression is measured by.</summary>
/// <param name="Path">Of the job file.</param>
/// <param name="Data">Of its rows.</param>
/// <param name="Missing">What is not there; null where all is.</param>
internal sealed record CensusJob(string Path, string Data, string? Missing)
{
    private const string JobFile = "deploy/jobs/census-income.yaml";
    private const string Rows = "data/census-income-kdd/census_full_a.csv.gz";

    public static CensusJob Find() => (Checkout.File(JobFile), Checkout.Shared(Rows)) switch
    {
        (null, _) => new("", "", $"there is no {JobFile} in the checkout"),
        (_, null) => new("", "", $"there is no shared/{Rows} beside the checkout"),
        var (job, data) => new(job, data, null),
    };
}
