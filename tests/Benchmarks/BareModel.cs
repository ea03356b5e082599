using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Linear = TorchSharp.Modules.Linear;

namespace DistMtl.Benchmarks;

/// <summary>
/// The MMoE behind its embedding, written as a user of TorchSharp would: modules, one per expert, gate and tower. It
/// shares no code with DistMtl, for it is what DistMtl is measured against.
/// </summary>
internal sealed class BareModel : Module<Tensor, Tensor[]>
{
    private readonly Module<Tensor, Tensor>[] _experts;
    private readonly Linear[] _gates;
    private readonly Module<Tensor, Tensor>[] _towers;

    public BareModel() : base(nameof(BareModel))
    {
        const int Width = ModelSize.Fields * ModelSize.Dim;
        _experts = [.. Enumerable.Range(0, ModelSize.Experts).Select(_ => Layers([Width, .. ModelSize.Expert]))];
        _gates = [.. Enumerable.Range(0, ModelSize.Tasks).Select(_ => Linear(Width, ModelSize.Experts))];
        _towers =
        [
            .. Enumerable.Range(0, ModelSize.Tasks).Select(_ =>
                Sequential(Layers([ModelSize.Expert[^1], .. ModelSize.Tower]), Linear(ModelSize.Tower[^1], 1))),
        ];
        for (var e = 0; e < _experts.Length; e++)
            register_module($"expert{e}", _experts[e]);
        for (var t = 0; t < ModelSize.Tasks; t++)
        {
            register_module($"gate{t}", _gates[t]);
            register_module($"tower{t}", _towers[t]);
        }
    }

    /// <param name="input">B x (fields x dim).</param>
    /// <returns>Task by task logits_B.</returns>
    public override Tensor[] forward(Tensor input)
    {
        var experts_BEH = stack(_experts.Select(expert => expert.forward(input)), 1);
        var logits_T = new Tensor[ModelSize.Tasks];
        for (var t = 0; t < logits_T.Length; t++)
        {
            var gate_BE1 = _gates[t].forward(input).softmax(-1).unsqueeze(-1);
            logits_T[t] = _towers[t].forward((gate_BE1 * experts_BEH).sum(dim: 1L)).squeeze(-1);
        }
        return logits_T;
    }

    private static TorchSharp.Modules.Sequential Layers(ReadOnlySpan<int> widths)
    {
        var layers = new List<Module<Tensor, Tensor>>();
        for (var i = 1; i < widths.Length; i++)
        {
            layers.Add(Linear(widths[i - 1], widths[i]));
            layers.Add(ReLU());
        }
        return Sequential(layers);
    }
}
