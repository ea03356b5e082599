using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>
/// Multi-gate mixture of experts (Ma et al. 2018, eqs. 6-8): f_t(x) = sum_e softmax(x W_t)_e expert_e(x).
/// The experts' first layers are one matrix product, their later layers one batched product.
/// </summary>
internal sealed class Mmoe : ITrunk
{
    private readonly int _experts;
    private readonly Linear _first;
    private readonly (Tensor Weight_EIO, Tensor Bias_E1O)[] _later;
    private readonly Linear[] _gates;

    public Mmoe(ModelSettings model, ModelInputs inputs, FlatParameters parameters)
    {
        _experts = model.Experts;
        _first = new Linear(parameters, ParameterNames.Experts(0));
        _later =
        [
            .. Enumerable.Range(1, model.Expert.Count - 1).Select(layer => (
                parameters.Leaf(ParameterNames.Weight(ParameterNames.Experts(layer))),
                parameters.Leaf(ParameterNames.Bias(ParameterNames.Experts(layer))))),
        ];
        _gates = [.. inputs.Tasks.Select(task => new Linear(parameters, ParameterNames.Gate(task.Name)))];
    }

    public IReadOnlyList<Tensor> Forward(Tensor input_BI, Dropout dropout)
    {
        var hidden_BEH = dropout.Forward(_first.Forward(input_BI).relu_()).view(input_BI.shape[0], _experts, -1);
        var experts_EBH = hidden_BEH.transpose(0, 1);
        foreach (var (weight_EIO, bias_E1O) in _later)
            experts_EBH = dropout.Forward((experts_EBH.bmm(weight_EIO) + bias_E1O).relu_());
        var mixed_BH = new Tensor[_gates.Length];
        for (var task = 0; task < _gates.Length; task++)
        {
            var gate_EB1 = _gates[task].Forward(input_BI).softmax(-1).t().unsqueeze(-1);
            mixed_BH[task] = (gate_EB1 * experts_EBH).sum(dim: 0L);
        }
        return mixed_BH;
    }
}
