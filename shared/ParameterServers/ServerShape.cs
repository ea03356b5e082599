using DistMtl.Aggregation;
using DistMtl.Aggregation.Compression;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.ParameterServers;

/// <summary>What a job's servers, workers and coordinator agree on.</summary>
/// <param name="Generation">Of the membership.</param>
/// <param name="Servers">How many there are.</param>
/// <param name="Shards">S, the data shards.</param>
public sealed record ServerShape(long Generation, int Servers, int Shards, ParameterSlices Slices, GradientShape Gradient, TableShape Tables)
{
    /// <summary>How gradients are made small before they travel; null: they are not.</summary>
    public CompressionPlan? Compression { get; init; }

    /// <summary>Whether anybody looks at the products of gradients: a weighting, or clipping.</summary>
    public bool IsMeasured { get; init; } = true;

    /// <param name="perTask">Whether one gradient of every task travels.</param>
    /// <param name="stepsPerEpoch">For what depends on the epoch; a server need not know.</param>
    public static ServerShape Of(JobFile job, ModelBlueprint blueprint, long generation, bool perTask, int stepsPerEpoch = 1)
    {
        var slices = ParameterSlices.Of(blueprint.Layout);
        var gradient = GradientShape.Create(blueprint.Layout, job.Tasks.Count, perTask ? WeightingNeed.Gramian : WeightingNeed.Losses);
        return new ServerShape(generation, job.Training.ParameterServers.Count, job.Data.Shards, slices, gradient, new TableShape(blueprint.Tables, job.Tasks.Count, perTask))
        {
            IsMeasured = perTask || job.Optimizer.ClipNorm is not null,
            Compression = job.Training.Compression.Kind == CompressionKind.None
                ? null
                : CompressionPlan.Of(job, blueprint.Layout, slices, gradient, stepsPerEpoch),
        };
    }

    /// <summary>The slices of one server, in order.</summary>
    public IEnumerable<ParameterSlice> OwnedBy(int server) => Slices.OwnedBy(server, Servers);
}
