using DistMtl.Protocol.Models;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>y_BO = x_BI weight_IO + bias_O.</summary>
internal readonly struct Linear(FlatParameters parameters, string name)
{
    private readonly Tensor _weight_IO = parameters.Leaf(ParameterNames.Weight(name));
    private readonly Tensor _bias_O = parameters.Leaf(ParameterNames.Bias(name));

    public Tensor Forward(Tensor x_BI) => addmm(_bias_O, x_BI, _weight_IO, beta: 1, alpha: 1);
}
