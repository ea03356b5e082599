using DistMtl.Data;
using DistMtl.Learning.Architectures;
using DistMtl.Learning.Layers;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Models.Architectures;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>Input, trunk and one tower per task, over one flat parameter vector: the tensors' side of a blueprint.</summary>
internal sealed class MultiTaskModel(ModelBlueprint blueprint, FlatParameters parameters, PulledTables tables)
{
    private readonly FeatureInput[] _inputs = [.. blueprint.Inputs.Select(input => new FeatureInput(input, blueprint.ModelInputs, parameters, tables))];
    private readonly ITrunk _trunk = TrunkTable.Create(blueprint, parameters);
    private readonly Tower[] _towers = [.. blueprint.Towers.Select(tower => new Tower(tower, parameters))];

    /// <summary>What the losses are taken of.</summary>
    /// <returns>One logits_BO per task; of a retrieval task the users' vectors_BD.</returns>
    public Tensor[] Forward(EncodedRows rows, Dropout dropout)
    {
        var logits_T = Logits(rows, dropout);
        return blueprint.Trunk.Link == TaskLink.Logits ? PathLogits.Multiply(logits_T, blueprint.Graph) : logits_T;
    }

    /// <summary>What is predicted, which is another thing for a task that is learnt through those before it.</summary>
    /// <returns>As <see cref="Forward"/>.</returns>
    public Tensor[] Predict(EncodedRows rows)
    {
        var logits_T = Logits(rows, Dropout.None);
        return blueprint.Trunk.Link == TaskLink.Logits ? PathLogits.ForPrediction(logits_T, blueprint.Graph, blueprint.ModelInputs.Tasks) : logits_T;
    }

    /// <returns>items_RD of a retrieval task, by id.</returns>
    public Tensor Items(int task) =>
        _inputs[_inputs.Length == 1 ? 0 : task].Table(blueprint.ModelInputs.Tasks[task].Retrieval!.Table);

    private Tensor[] Logits(EncodedRows rows, Dropout dropout)
    {
        var logits_T = ForwardAll(rows, dropout);
        for (var task = 0; task < logits_T.Length; task++)
        {
            // What is looked for must not be seen: the same model once more, blind to the item.
            if (blueprint.ModelInputs.Tasks[task].Retrieval is { } retrieval)
                logits_T[task] = ForwardAll(ItemBlindRows.Of(rows, retrieval), dropout)[task];
        }
        return logits_T;
    }

    private Tensor[] ForwardAll(EncodedRows rows, Dropout dropout)
    {
        var inputs = _inputs.Select(input => input.Forward(rows, parameters.Device, dropout)).ToArray();
        var trunk_T = _trunk.Forward(new TrunkInput(inputs, rows.Domains_B, dropout));
        var (hidden_T, logits_T) = (new Tensor[_towers.Length], new Tensor[_towers.Length]);
        foreach (var task in blueprint.Graph.Order)
            (hidden_T[task], logits_T[task]) = _towers[task].Forward(TowerInput(task, trunk_T, hidden_T));
        return logits_T;
    }

    private Tensor TowerInput(int task, IReadOnlyList<Tensor> trunk_T, Tensor[] hidden_T)
    {
        var before = blueprint.Graph.Predecessors(task);
        return blueprint.Trunk.Link == TaskLink.Towers && before.Count > 0
            ? cat([trunk_T[task], .. before.Select(other => hidden_T[other])], 1)
            : trunk_T[task];
    }
}
