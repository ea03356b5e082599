using System.Collections.Immutable;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>
/// What a server keeps and changes. The vectors have the length of all parameters, of which a server touches its own slices
/// only: the rest costs address space, not memory. Servers in one process share them.
/// </summary>
/// <param name="Parameters_P">P numbers in layout order.</param>
/// <param name="Optimizer">With its own vectors.</param>
/// <param name="Tables">In the order of the model; each server has its own, for each holds other rows. Locked while it is read or changed.</param>
public sealed record ServerState(float[] Parameters_P, Optimizer Optimizer, ImmutableArray<RowTable> Tables)
{
    /// <summary>The state before the first step.</summary>
    /// <param name="parameters_P">The first parameters, or memory for what a checkpoint holds.</param>
    public static ServerState Create(JobFile job, ModelBlueprint blueprint, float[] parameters_P) => new(
        parameters_P,
        OptimizerOf(job, blueprint),
        [.. blueprint.Tables.Select(table => RowTable.Of(table, job))]);

    /// <summary>
    /// What the servers update by: the job's optimiser, without a momentum that the shards keep; after local steps, which the
    /// job's optimiser makes, the outer one.
    /// </summary>
    /// <exception cref="JobException">A group of parameters fits none.</exception>
    public static Optimizer OptimizerOf(JobFile job, ModelBlueprint blueprint)
    {
        var settings = job.Training.Compression.ServerOptimizer(job.Optimizer);
        var segments = ParameterSegment.Of(blueprint.Layout, settings, job.Tasks, blueprint.Tables);
        return job.Training.LocalSteps > 1 ? Optimizer.CreateOuter(job.Training.Outer, segments) : Optimizer.Create(settings, segments);
    }

    /// <summary>By table.</summary>
    public IReadOnlyList<bool> FrozenTables { get; } = [.. Tables.Select(table => table.IsFrozen)];

    /// <summary>All vectors of P numbers, by the optimiser's names; the parameters have the empty one.</summary>
    public IEnumerable<KeyValuePair<string, float[]>> Vectors => [new("", Parameters_P), .. Optimizer.State];

    /// <summary>Takes a State frame.</summary>
    /// <exception cref="FrameException">There is no such vector or slice, or the payload is of another length.</exception>
    public void Take(ServerShape shape, Frame frame)
    {
        var header = frame.Header<StateHeader>();
        var vector = header.Vector.Length == 0 ? Parameters_P : Optimizer.State.GetValueOrDefault(header.Vector);
        if (vector is null || header.Slice < 0 || header.Slice >= shape.Slices.Count || frame.Payload.ByteCount != shape.Slices[header.Slice].Length * sizeof(float))
            throw new FrameException($"{frame.Payload.ByteCount} bytes are no slice {header.Slice} of '{header.Vector}'");
        frame.Payload.Numbers.CopyTo(vector.AsSpan(shape.Slices[header.Slice].Offset));
    }

    /// <summary>After all vectors have been taken: how many updates they have seen.</summary>
    public void Restored(long updates)
    {
        lock (Optimizer)
            Optimizer.Restore(updates, new Dictionary<string, float[]>(Optimizer.State));
    }

    /// <summary>Begins the optimiser's step once, whichever of the servers that share it comes first.</summary>
    internal void BeginStep(int update, double rateFactor)
    {
        lock (Optimizer)
        {
            if (Optimizer.Steps < update)
                Optimizer.BeginStep(rateFactor);
        }
    }
}
