using System.Collections.Immutable;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Models;

/// <summary>
/// Names, shapes and first values of a model's parameters. It needs no tensor library, so that the coordinator, which
/// has none, lays out, initialises and updates what the workers' models read; the models find their tensors by these names.
/// </summary>
public static class ModelLayout
{
    /// <summary>Standard deviation of a fresh embedding.</summary>
    private const float EmbeddingScale = 0.05f;

    /// <exception cref="OverflowException">More than 2^31 - 1 parameters.</exception>
    public static ParameterLayout Create(ModelSettings model, ModelInputs inputs)
    {
        var entries = new List<ParameterEntry>(Tables(inputs));
        var trunkWidth = model.Architecture switch
        {
            Architecture.SharedBottom => AddBottom(entries, model, inputs.InputWidth),
            Architecture.Mmoe => AddExperts(entries, model, inputs),
            _ => throw new ArgumentOutOfRangeException(nameof(model), model.Architecture, null),
        };
        for (var task = 0; task < inputs.Tasks.Count; task++)
            AddTower(entries, model, inputs.Tasks[task], task, trunkWidth);
        return ParameterLayout.Create(entries);
    }

    /// <summary>Tables of one width lie side by side, so that one lookup serves all of them.</summary>
    private static IEnumerable<ParameterEntry> Tables(ModelInputs inputs) =>
        from table in inputs.Tables
        group table by table.Dim into sameDim
        from table in sameDim
        select Entry(ParameterNames.Table(table.Feature), [table.Rows, table.Dim], null, Initializer.Normal, EmbeddingScale);

    private static int AddBottom(List<ParameterEntry> entries, ModelSettings model, int width)
    {
        for (var layer = 0; layer < model.Bottom.Count; layer++)
        {
            AddLinear(entries, ParameterNames.Bottom(layer), width, model.Bottom[layer], null, HiddenScale(width));
            width = model.Bottom[layer];
        }
        return width;
    }

    /// <summary>Ma et al. 2018 (MMoE), eqs. 6-8: shared experts, and for each task a softmax gate over them.</summary>
    private static int AddExperts(List<ParameterEntry> entries, ModelSettings model, ModelInputs inputs)
    {
        var width = inputs.InputWidth;
        for (var layer = 0; layer < model.Expert.Count; layer++)
        {
            var next = model.Expert[layer];
            var name = ParameterNames.Experts(layer);
            // The first layer of all experts is one wide matrix product; later layers are one batched product.
            ImmutableArray<int> shape = layer == 0 ? [width, model.Experts * next] : [model.Experts, width, next];
            entries.Add(Entry(ParameterNames.Weight(name), shape, null, Initializer.Uniform, HiddenScale(width)));
            entries.Add(Entry(ParameterNames.Bias(name), layer == 0 ? [model.Experts * next] : [model.Experts, 1, next], null, Initializer.Constant, 0));
            width = next;
        }
        for (var task = 0; task < inputs.Tasks.Count; task++)
            AddLinear(entries, ParameterNames.Gate(inputs.Tasks[task].Name), inputs.InputWidth, model.Experts, task, OutputScale(inputs.InputWidth));
        return width;
    }

    private static void AddTower(List<ParameterEntry> entries, ModelSettings model, ModelTask task, int index, int width)
    {
        for (var layer = 0; layer < model.Tower.Count; layer++)
        {
            AddLinear(entries, ParameterNames.Tower(task.Name, layer), width, model.Tower[layer], index, HiddenScale(width));
            width = model.Tower[layer];
        }
        AddLinear(entries, ParameterNames.Head(task.Name), width, task.Outputs, index, OutputScale(width), task.InitialBias);
    }

    private static void AddLinear(List<ParameterEntry> entries, string name, int input, int output, int? task, float scale, float bias = 0)
    {
        entries.Add(Entry(ParameterNames.Weight(name), [input, output], task, Initializer.Uniform, scale));
        entries.Add(Entry(ParameterNames.Bias(name), [output], task, Initializer.Constant, bias));
    }

    private static ParameterEntry Entry(string name, ImmutableArray<int> shape, int? task, Initializer initializer, float scale) =>
        new(name, shape, 0, task, initializer, scale);

    /// <summary>He et al. 2015, eq. 10, as a uniform bound: keeps the variance through ReLU.</summary>
    private static float HiddenScale(int fanIn) => MathF.Sqrt(6f / fanIn);

    /// <summary>PyTorch's bound for a linear layer: heads and gates start near indifference.</summary>
    private static float OutputScale(int fanIn) => 1f / MathF.Sqrt(fanIn);
}
