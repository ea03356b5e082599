using DistMtl.Aggregation;
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
    /// <param name="perTask">Whether one gradient of every task travels.</param>
    public static ServerShape Of(JobFile job, ModelBlueprint blueprint, long generation, bool perTask) => new(
        generation,
        job.Training.ParameterServers.Count,
        job.Data.Shards,
        ParameterSlices.Of(blueprint.Layout),
        GradientShape.Create(blueprint.Layout, job.Tasks.Count, perTask ? WeightingNeed.Gramian : WeightingNeed.Losses),
        new TableShape(blueprint.Tables, job.Tasks.Count, perTask));

    /// <summary>The slices of one server, in order.</summary>
    public IEnumerable<ParameterSlice> OwnedBy(int server) => Slices.OwnedBy(server, Servers);
}
