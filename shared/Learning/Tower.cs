using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>One task's own hidden layers and its head.</summary>
internal sealed class Tower(ModelSettings model, ModelTask task, FlatParameters parameters)
{
    private readonly Linear[] _layers =
        [.. Enumerable.Range(0, model.Tower.Count).Select(layer => new Linear(parameters, ParameterNames.Tower(task.Name, layer)))];

    private readonly Linear _head = new(parameters, ParameterNames.Head(task.Name));

    /// <returns>logits_BO (O is 1, or the number of classes).</returns>
    public Tensor Forward(Tensor hidden_BH)
    {
        foreach (var layer in _layers)
            hidden_BH = layer.Forward(hidden_BH).relu_();
        return _head.Forward(hidden_BH);
    }
}
