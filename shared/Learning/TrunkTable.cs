using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;

namespace DistMtl.Learning;

/// <summary>Which trunk an architecture has.</summary>
internal static class TrunkTable
{
    public static ITrunk Create(ModelSettings model, ModelInputs inputs, FlatParameters parameters) => model.Architecture switch
    {
        Architecture.SharedBottom => new SharedBottom(model, inputs, parameters),
        Architecture.Mmoe => new Mmoe(model, inputs, parameters),
        _ => throw new ArgumentOutOfRangeException(nameof(model), model.Architecture, null),
    };
}
