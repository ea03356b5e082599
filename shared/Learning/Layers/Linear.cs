using DistMtl.Protocol.Models.Parts;
using TorchSharp;
using static TorchSharp.torch;

namespace DistMtl.Learning.Layers;

/// <summary>y_BO = x_BI weight_IO + bias_O.</summary>
internal readonly struct Linear(Tensor weight_IO, Tensor bias_O)
{
    /// <summary>Fewer outputs than MKL's kernels have columns.</summary>
    private const int FewOutputs = 16;

    private readonly bool _isNarrow = weight_IO.device_type == DeviceType.CPU && weight_IO.shape[1] is > 1 and < FewOutputs;

    public Linear(LinearPart part, FlatParameters parameters) : this(parameters.Leaf(part.Weight), parameters.Leaf(part.Bias))
    {
    }

    public Tensor Forward(Tensor x_BI) => addmm(bias_O, x_BI, Weight, beta: 1, alpha: 1);

    /// <returns>y_BLO of x_BLI: every position by itself, as one matrix product.</returns>
    public Tensor Forward3(Tensor x_BLI) => Forward(x_BLI.reshape(-1, x_BLI.shape[2])).view(x_BLI.shape[0], x_BLI.shape[1], -1);

    /// <summary>
    /// With few columns that lie side by side MKL's products, forward and backward, take five to ten times as long as with
    /// columns one behind the other (gates: 256 x 4); the copy is small.
    /// </summary>
    private Tensor Weight => _isNarrow ? weight_IO.t().contiguous().t() : weight_IO;
}
