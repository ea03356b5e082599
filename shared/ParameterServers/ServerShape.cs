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
/// <param name="Gradient">How the flat parameters' gradients travel.</param>
/// <param name="Tables">How the gradients of table rows travel.</param>
public sealed record ServerShape(long Generation, int Servers, int Shards, ParameterSlices Slices, GradientShape Gradient, TableShape Tables)
{
    /// <summary>How gradients are made small before they travel; null: they are not.</summary>
    public CompressionPlan? Compression { get; init; }

    /// <summary>Whether anybody looks at the products of gradients: a weighting, or clipping.</summary>
    public bool IsMeasured { get; init; } = true;

    /// <summary>Whether the update is scaled by its norm, which somebody has to measure then.</summary>
    public bool IsClipped { get; init; }

    /// <summary>Whether a shard may be computed by two workers, whose gradients are equal: the first to come is taken.</summary>
    public bool MayComeTwice { get; init; }

    /// <summary>How a worker computes the gradients of table rows: of every task, wherever it computes those of the flat parameters so.</summary>
    public TableShape ComputedTables => Tables with { IsPerTask = Gradient.IsPerTask };

    /// <summary>
    /// Whether tasks are compared over the flat parameters alone. The workers hold the gradients of rows back then until the
    /// tasks are weighed, and one combined gradient of a row travels instead of T.
    /// </summary>
    public bool HoldsRows => !Tables.Tables.IsEmpty && Gradient.IsPerTask && !Tables.IsPerTask;

    /// <param name="perTask">Whether one gradient of every task travels; of table rows only if they are compared, too.</param>
    /// <param name="stepsPerEpoch">For what depends on the epoch; a server need not know.</param>
    public static ServerShape Of(JobFile job, ModelBlueprint blueprint, long generation, bool perTask, int stepsPerEpoch = 1)
    {
        var slices = ParameterSlices.Of(blueprint.Layout);
        var gradient = GradientShape.Create(blueprint.Layout, job.Tasks.Count, perTask ? WeightingNeed.Gramian : WeightingNeed.Losses);
        var tables = new TableShape(blueprint.Tables, job.Tasks.Count, perTask && job.Weighting.Scope == WeightingScope.All);
        return new ServerShape(generation, job.Training.ParameterServers.Count, job.Data.Shards, slices, gradient, tables)
        {
            MayComeTwice = job.Training.BackupShards > 0,
            IsClipped = job.Optimizer.ClipNorm is not null,
            IsMeasured = perTask || job.Optimizer.ClipNorm is not null,
            Compression = job.Training.Compression.Kind == CompressionKind.None
                ? null
                : CompressionPlan.Of(job, blueprint.Layout, slices, gradient, stepsPerEpoch),
        };
    }

    /// <summary>The slices of one server, in order.</summary>
    public IEnumerable<ParameterSlice> OwnedBy(int server) => Slices.OwnedBy(server, Servers);
}
