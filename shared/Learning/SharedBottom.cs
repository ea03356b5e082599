using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>Shared-bottom (Caruana 1997): one stack of hidden layers for all tasks.</summary>
internal sealed class SharedBottom(ModelSettings model, ModelInputs inputs, FlatParameters parameters) : ITrunk
{
    private readonly Linear[] _layers =
        [.. Enumerable.Range(0, model.Bottom.Count).Select(layer => new Linear(parameters, ParameterNames.Bottom(layer)))];

    public IReadOnlyList<Tensor> Forward(Tensor input_BI, Dropout dropout)
    {
        var hidden_BH = input_BI;
        foreach (var layer in _layers)
            hidden_BH = dropout.Forward(layer.Forward(hidden_BH).relu_());
        return [.. Enumerable.Repeat(hidden_BH, inputs.Tasks.Count)];
    }
}
