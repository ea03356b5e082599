using DistMtl.Data;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>Input, trunk and one tower per task, over one flat parameter vector.</summary>
internal sealed class MultiTaskModel(ModelSettings model, ModelInputs inputs, FlatParameters parameters)
{
    private readonly FeatureInput _input = new(inputs, parameters);
    private readonly ITrunk _trunk = TrunkTable.Create(model, inputs, parameters);
    private readonly Tower[] _towers = [.. inputs.Tasks.Select(task => new Tower(model, task, parameters))];

    /// <returns>One logits_BO per task.</returns>
    public Tensor[] Forward(EncodedRows rows, Dropout dropout)
    {
        var hidden_T = _trunk.Forward(_input.Forward(rows, parameters.Device), dropout);
        return [.. _towers.Select((tower, task) => tower.Forward(hidden_T[task]))];
    }
}
