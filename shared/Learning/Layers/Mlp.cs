using DistMtl.Protocol.Models.Parts;
using static TorchSharp.torch;

namespace DistMtl.Learning.Layers;

/// <summary>Linear layers with a ReLU, and dropout, behind each.</summary>
internal readonly struct Mlp(Linear[] layers)
{
    public Mlp(MlpPart part, FlatParameters parameters) : this([.. part.Layers.Select(layer => new Linear(layer, parameters))])
    {
    }

    public int Depth => layers.Length;

    /// <returns>hidden_BH; the input itself where there is no layer.</returns>
    public Tensor Forward(Tensor x_BI, Dropout dropout)
    {
        for (var layer = 0; layer < layers.Length; layer++)
            x_BI = Layer(layer, x_BI, dropout);
        return x_BI;
    }

    /// <summary>One layer alone.</summary>
    public Tensor Layer(int layer, Tensor x_BI, Dropout dropout) => dropout.Forward(layers[layer].Forward(x_BI).relu_());
}
